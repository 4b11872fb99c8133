"""What a folder of images holds: paths, labels and splits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hybridml._checks import check_name, describe, list_names
from hybridml.exceptions import DataError
from hybridml.images.layout import SPLITS, find_splits, read_classes
from hybridml.images.tree import IMAGE_SUFFIXES, check_exists, list_subfolders

__all__ = ["IMAGE_SUFFIXES", "ImageFolder", "load_image_folder", "read_image_folder"]

_Classes = dict[str, list[str]]  # class name -> paths of its images


@dataclass(frozen=True, eq=False)
class ImageFolder:
    """What a folder of images holds.

    Attributes
    ----------
    paths : list of str
        The images, by split (train, val, test), then class, then path.
    labels : ndarray of shape (n_images,), str
        The class of each image: the name of its class folder.
    splits : ndarray of shape (n_images,), str, or None
        "train", "val" or "test" for each image; None where there are no split folders.
    """

    paths: list[str]
    labels: npt.NDArray[np.str_]
    splits: npt.NDArray[np.str_] | None


def load_image_folder(
    path: str | Path, *, split: str | None = None
) -> tuple[list[str], npt.NDArray[np.str_]]:
    """Read the paths and the labels of a folder of images.

    Parameters
    ----------
    path : str or Path
        Holds one folder per class, or folders named train, val and test (or training,
        valid, validation, testing) that hold the class folders. Images nested deeper
        count; hidden files and files that are no images do not.
    split : {"train", "val", "test"} or None, default=None
        Which split to return; None returns all of them together.

    Returns
    -------
    paths : list of str
        By split, then class, then path.
    labels : ndarray of shape (n_images,), str
        The names of the class folders.

    Raises
    ------
    DataError
        If the folder is missing or empty, is laid out in another way, or holds a
        single class, or if a split holds a class that the training split lacks.
    UnknownNameError
        If the folder has no such split.

    Warns
    -----
    HybridMLWarning
        If an empty class folder, or images outside the class folders, are left out.

    Examples
    --------
    >>> paths, labels = load_image_folder("pets", split="train")  # doctest: +SKIP
    """
    folder = read_image_folder(path, split=split)
    return folder.paths, folder.labels


def read_image_folder(path: str | Path, *, split: str | None = None) -> ImageFolder:
    """Read a folder of images with its splits; see `load_image_folder`."""
    root = Path(path)
    check_exists(root, expected="a folder of images")
    if not root.is_dir():
        raise DataError(describe("path", str(root), "a folder, not a file"))
    folders = find_splits(root)
    if split is not None:
        split = _check_split(split, list(folders), root)
    if not folders:
        classes = read_classes(root)
        _check_several(set(classes), root)
        return _assemble({"": classes}, has_splits=False)
    # The training split is always read: the others' classes are compared with it.
    needed = folders if split is None else {"train", split}
    read = {name: read_classes(folders[name]) for name in folders if name in needed}
    _check_known_to_train(read, root)
    _check_several({name for classes in read.values() for name in classes}, root)
    wanted = read if split is None else {split: read[split]}
    return _assemble(wanted, has_splits=True)


def _check_split(split: object, found: list[str], root: Path) -> str:
    name = SPLITS.get(split.casefold(), split) if isinstance(split, str) else split
    if not found:
        cure = f"{str(root)!r} has no folders named train, val or test."
        raise DataError(describe("split", split, "None", cure))
    check_name("split", name, found, expected=list_names(found))
    return str(name)


def _check_several(names: set[str], root: Path) -> None:
    if len(names) > 1:
        return
    only = next(iter(names))
    nested = root / only
    deeper = nested.is_dir() and len(list_subfolders(nested)) > 1
    cure = f"Did you mean {str(nested)!r}?" if deeper else ""
    expected = f"the folders of at least two classes, not of {only!r} alone"
    raise DataError(describe("path", str(root), expected, cure))


def _check_known_to_train(read: dict[str, _Classes], root: Path) -> None:
    if "train" not in read:
        return
    for split, classes in read.items():
        unknown = sorted(set(classes) - set(read["train"]))
        if unknown:
            expected = f"every class of {split!r} in 'train' as well"
            cure = f"'train' has no {list_names(unknown)}."
            raise DataError(describe("path", str(root), expected, cure))


def _assemble(read: dict[str, _Classes], *, has_splits: bool) -> ImageFolder:
    rows = [
        (path, name, split)
        for split, classes in read.items()
        for name, paths in classes.items()
        for path in paths
    ]
    paths, labels, splits = zip(*rows, strict=True)
    return ImageFolder(
        list(paths), np.array(labels), np.array(splits) if has_splits else None
    )
