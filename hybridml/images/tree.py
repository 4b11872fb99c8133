"""Which files below a folder are images, and what is said when a path is wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from hybridml._checks import describe, did_you_mean
from hybridml.exceptions import DataError

IMAGE_SUFFIXES = frozenset(
    {
        ".avif",
        ".bmp",
        ".gif",
        ".jfif",
        ".jp2",
        ".jpe",
        ".jpeg",
        ".jpg",
        ".pbm",
        ".pgm",
        ".png",
        ".pnm",
        ".ppm",
        ".tif",
        ".tiff",
        ".webp",
    }
)


def is_image_name(name: str) -> bool:
    """Whether a file name, path or URL ends like an image, in either case.

    Examples
    --------
    >>> is_image_name("cats/TOM.JPG"), is_image_name("notes.txt")
    (True, False)
    """
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES  # noqa: PTH122  # URLs


def list_subfolders(folder: Path) -> list[Path]:
    """List the folders directly inside `folder`, sorted, without the hidden ones."""
    return sorted(p for p in folder.iterdir() if p.is_dir() and not _is_hidden(p.name))


def list_images(folder: Path) -> list[Path]:
    """List the images directly inside `folder`, sorted, without the hidden ones."""
    return sorted(
        p
        for p in folder.iterdir()
        if is_image_name(p.name) and not _is_hidden(p.name) and p.is_file()
    )


def find_images(folder: Path) -> list[Path]:
    """List the images at any depth below `folder`, sorted, without the hidden ones."""
    return sorted(path for path in _walk(folder) if is_image_name(path.name))


def has_images(folder: Path) -> bool:
    """Whether there is an image at any depth below `folder`."""
    return any(is_image_name(path.name) for path in _walk(folder))


def has_files(folder: Path) -> bool:
    """Whether there is a file, of whatever kind, at any depth below `folder`."""
    return any(True for _ in _walk(folder))


def check_exists(path: Path, *, expected: str) -> None:
    """Raise a `DataError` that suggests the nearest sibling if `path` is missing."""
    if path.exists():
        return
    parent = path.parent
    siblings = [p.name for p in parent.iterdir()] if parent.is_dir() else []
    cure = f"There is nothing at this path. {did_you_mean(path.name, siblings)}"
    raise DataError(describe("path", str(path), expected, cure.rstrip()))


def _walk(folder: Path) -> Iterator[Path]:
    """Yield every file that is not hidden; links to folders are followed once."""
    seen: set[Path] = set()
    for parent, subfolders, names in os.walk(folder, followlinks=True):
        real = Path(parent).resolve()
        if real in seen:
            subfolders.clear()
            continue
        seen.add(real)
        subfolders[:] = sorted(name for name in subfolders if not _is_hidden(name))
        yield from (Path(parent, name) for name in names if not _is_hidden(name))


def _is_hidden(name: str) -> bool:
    return name.startswith(".")
