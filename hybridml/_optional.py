"""The only door to optional packages: it either opens or says what to install."""

from __future__ import annotations

from importlib import import_module, metadata
from types import ModuleType

from hybridml.exceptions import HybridMLError


class MissingPackageError(HybridMLError, ImportError):
    """A package that this piece of work needs is not installed."""


def require(package: str, *, extra: str, why: str) -> ModuleType:
    """Import an optional package, or say what needs it and how to install it.

    Whether it is installed is asked of its metadata, not found out by importing it:
    a folder that happens to have the package's name does not count, and an error
    inside an installed package is shown as it is.

    Parameters
    ----------
    package : str
        Name under which the package is both installed and imported, or that of a module
        in it.
    extra : str
        The extra of hybridml that installs it.
    why : str
        What needs the package, as the start of a sentence: "The backbone 'x'".

    Returns
    -------
    module : module
        The imported package.

    Raises
    ------
    MissingPackageError
        If the package is not installed.

    Examples
    --------
    >>> require("numpy", extra="dev", why="The example").__name__
    'numpy'
    >>> require("no_such_package", extra="dev", why="The example")
    Traceback (most recent call last):
    ...
    hybridml._optional.MissingPackageError: The example needs the package ...
    """
    name = package.partition(".")[0]
    if not is_installed(name):
        raise MissingPackageError(
            f"{why} needs the package {name!r}, which is not installed. "
            f'Install it with: pip install "hybridml[{extra}]"',
            name=name,
        )
    return import_module(package)


def is_installed(package: str) -> bool:
    """Whether `package` is installed, without importing it.

    Examples
    --------
    >>> is_installed("numpy"), is_installed("no_such_package")
    (True, False)
    """
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True
