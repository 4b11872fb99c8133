"""The only door to optional packages: it either opens or says what to install."""

from __future__ import annotations

from functools import cache
from importlib import import_module, metadata
from types import ModuleType
from typing import TYPE_CHECKING

from hybridml.exceptions import HybridMLError

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet


class MissingPackageError(HybridMLError, ImportError):
    """A package that this piece of work needs is not installed, or too old."""


def require(package: str, *, extra: str, why: str) -> ModuleType:
    """Import an optional package, or say what needs it and how to install it.

    Whether it is installed is asked of its metadata, not found out by importing it:
    a folder that happens to have the package's name does not count, and an error
    inside an installed package is shown as it is. Its version has to be one that the
    extra would install.

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
        If the package is not installed, or in a version that the extra excludes.

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
    found, wanted = _version_of(name), _versions_of(name, extra)
    if found is None:
        raise MissingPackageError(
            f"{why} needs the package {name!r}, which is not installed. "
            f'Install it with: pip install "hybridml[{extra}]"',
            name=name,
        )
    if not wanted.contains(found, prereleases=True):
        raise MissingPackageError(
            f"{why} needs the package {name!r} in a version {wanted}, and "
            f'{found} is installed. Run: pip install "hybridml[{extra}]"',
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
    return _version_of(package) is not None


def _version_of(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


@cache
def _versions_of(package: str, extra: str) -> SpecifierSet:
    """Which versions of a package an extra of hybridml allows."""
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet
    from packaging.utils import canonicalize_name

    wanted = SpecifierSet()
    for text in metadata.requires("hybridml") or ():
        told = Requirement(text)
        is_meant = canonicalize_name(told.name) == canonicalize_name(package)
        if is_meant and (told.marker is None or told.marker.evaluate({"extra": extra})):
            wanted &= told.specifier
    return wanted
