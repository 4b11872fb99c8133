"""Where an image's bytes come from: a file, memory or a URL."""

from __future__ import annotations

import importlib
import io
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

from hybridml.exceptions import ImageDecodeError

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.:-]+://")


def is_url(location: str) -> bool:
    """Whether `location` is a URL for fsspec; a drive letter is not a scheme.

    Examples
    --------
    >>> is_url("s3://bucket/cat.jpg"), is_url("C:/photos/cat.jpg")
    (True, False)
    """
    return _URL.match(location) is not None


@contextmanager
def open_content(image: str | os.PathLike[str] | bytes) -> Iterator[BinaryIO]:
    """Open the encoded bytes of an image for reading.

    Parameters
    ----------
    image : str, path-like or bytes
        A file, a URL that fsspec opens, or the encoded image itself.

    Yields
    ------
    stream : binary file
        Positioned at its first byte.

    Raises
    ------
    ImageDecodeError
        If there is no such file, or it cannot be read.
    ImportError
        If a URL needs fsspec, or one of its back-ends, that is not installed.
    """
    if isinstance(image, bytes):
        yield io.BytesIO(image)
        return
    location = os.fspath(image)
    opened = _fetch(location) if is_url(location) else _open_file(location)
    with opened as stream:
        yield stream


def _open_file(location: str) -> BinaryIO:
    path = Path(location)
    try:
        mode = path.stat().st_mode
        if stat.S_ISREG(mode):
            return path.open("rb")
    except FileNotFoundError as exc:
        raise ImageDecodeError("there is no such file") from exc
    except (OSError, ValueError) as exc:
        raise ImageDecodeError(getattr(exc, "strerror", None) or str(exc)) from exc
    # Opening a pipe or a device could wait for ever.
    kind = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
    raise ImageDecodeError(f"it is {kind}")


def open_url(url: str, mode: str) -> Any:
    """Open a URL through fsspec.

    Raises
    ------
    ImportError
        If fsspec, or the back-end that it names, is not installed.
    """
    if find_spec("fsspec") is None:
        raise ImportError(
            f"Got url={url!r}; expected fsspec to be installed, which opens URLs. "
            "Run: pip install fsspec"
        )
    return importlib.import_module("fsspec").open(url, mode)


def _fetch(url: str) -> BinaryIO:
    try:
        with open_url(url, "rb") as stream:
            return io.BytesIO(stream.read())
    except ImportError:
        raise  # fsspec names the back-end to install; no image is at fault
    except Exception as exc:  # each back-end has errors of its own
        reason = str(exc) or type(exc).__name__
        raise ImageDecodeError(f"cannot read the URL: {reason}") from exc
