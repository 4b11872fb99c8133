"""Which folders of an image collection are splits, and which are classes."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path

from hybridml._checks import describe
from hybridml.exceptions import DataError, HybridMLWarning
from hybridml.images.tree import (
    find_images,
    has_files,
    has_images,
    list_images,
    list_subfolders,
)

SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
_LAYOUT = (
    "one folder per class (cats/1.jpg, dogs/2.jpg), or train, val and test folders "
    "that hold such class folders"
)
_N_NAMED = 5


def find_splits(root: Path) -> dict[str, Path]:
    """Find the folders in `root` that are splits, not classes.

    They are splits if no other folder beside them holds images. A single one beside
    class folders is a class: "train" among vehicles.

    Returns
    -------
    folders : dict of {str: Path}
        In the order train, val, test; empty where there are no splits.

    Raises
    ------
    DataError
        If split folders lie among folders of images, or two of them are one split.
    """
    named: dict[str, list[Path]] = {split: [] for split in SPLITS.values()}
    others: list[Path] = []
    for folder in list_subfolders(root):
        split = SPLITS.get(folder.name.casefold())
        (others if split is None else named[split]).append(folder)
    found = {split: folders for split, folders in named.items() if folders}
    strays = [folder.name for folder in others if found and has_images(folder)]
    if strays and len(found) == 1:
        return {}
    if strays:
        raise DataError(
            f"Got path={str(root)!r}; expected {_LAYOUT}. It holds split folders and, "
            f"beside them, {_quote(strays)} with images: move these elsewhere."
        )
    return _one_each(found)


def read_classes(folder: Path) -> dict[str, list[str]]:
    """Read the images of every class folder in `folder`.

    Returns
    -------
    classes : dict of {str: list of str}
        Sorted paths by class name, sorted.

    Raises
    ------
    DataError
        If there are no class folders, or some hold files but no images.
    """
    found = {sub.name: find_images(sub) for sub in list_subfolders(folder)}
    without = [name for name, images in found.items() if not images]
    loose = list_images(folder)
    if len(without) == len(found):
        what = "images directly, in no class folder" if loose else "no images"
        raise DataError(_misfit(folder, f"It holds {what}."))
    odd = [name for name in without if has_files(folder / name)]
    if odd:
        raise DataError(
            _misfit(folder, f"Class folder {_quote(odd)} holds files but no images.")
        )
    _warn_left_out(folder, without, len(loose))
    return {name: [str(p) for p in images] for name, images in found.items() if images}


def _one_each(found: dict[str, list[Path]]) -> dict[str, Path]:
    for split, folders in found.items():
        if len(folders) > 1:
            names = _quote(folder.name for folder in folders)
            raise DataError(
                f"Got path={str(folders[0].parent)!r}; expected one folder per split; "
                f"{names} are all the {split} split."
            )
    return {split: folders[0] for split, folders in found.items()}


def _misfit(folder: Path, finding: str) -> str:
    return describe("path", str(folder), _LAYOUT, finding)


def _warn_left_out(folder: Path, empty: list[str], n_loose: int) -> None:
    left_out = []
    if empty:
        left_out.append(f"the empty class folder {_quote(empty)}")
    if n_loose:
        left_out.append(f"{n_loose} images outside the class folders")
    if left_out:
        message = f"Left out of {str(folder)!r}: {' and '.join(left_out)}."
        warnings.warn(message, HybridMLWarning, stacklevel=4)


def _quote(names: Iterable[str]) -> str:
    quoted = [repr(name) for name in names]
    shown = ", ".join(quoted[:_N_NAMED])
    n_more = len(quoted) - _N_NAMED
    return f"{shown} and {n_more} more" if n_more > 0 else shown
