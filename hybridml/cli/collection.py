"""Which images a command works on: read from a folder or a manifest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Collection:
    """Images with their labels and, where there are any, their splits.

    Attributes
    ----------
    images : ndarray of shape (n_images,)
        Paths or URLs, None where a manifest names none; or the rows of a table.
    labels : ndarray of shape (n_images,), or None
    splits : ndarray of shape (n_images,), str, or None
        "train", "val" or "test".
    noun : str, default="image"
        What one of them is called.
    """

    images: npt.NDArray[Any]
    labels: npt.NDArray[Any] | None
    splits: npt.NDArray[np.str_] | None
    noun: str = "image"

    def of(self, *splits: str) -> npt.NDArray[np.intp]:
        """Positions of the images in one of these splits."""
        import numpy as np

        assert self.splits is not None
        return np.flatnonzero(np.isin(self.splits, splits))


def read_collection(
    folder: Path | None,
    manifest: Path | None,
    *,
    image: str | None,
    target: str | None,
    split: str | None,
) -> Collection:
    """Read what the command line names.

    Raises
    ------
    typer.BadParameter
        If it names neither a folder nor a manifest, or both, or columns of a folder.
    DataError, UnknownNameError
        If there is something wrong with the folder or the manifest.
    """
    check_one_source(folder, manifest, columns=(image, target, split))
    if manifest is not None:
        return _read_manifest(manifest, image, target, split)
    assert folder is not None  # for mypy: check_one_source has seen to it
    from hybridml.images.folder import read_image_folder

    found = read_image_folder(folder)
    return Collection(_as_objects(found.paths), found.labels, found.splits)


def check_one_source(
    folder: Path | None, manifest: Path | None, *, columns: Sequence[str | None] = ()
) -> None:
    """Raise a usage error unless exactly one of folder and manifest is given."""
    if (folder is None) == (manifest is None):
        raise typer.BadParameter("Give either a FOLDER or --manifest FILE.")
    if manifest is None and any(columns):
        raise typer.BadParameter("--image, --target and --split go with --manifest.")


def _read_manifest(
    path: Path, image: str | None, target: str | None, split: str | None
) -> Collection:
    from hybridml.images.manifest import load_manifest

    table, labels = load_manifest(
        path, image_column=image, target=target, split_column=split
    )
    images = table[image or _image_column(table)]
    return Collection(_as_objects(images), labels, read_splits(table, split))


def read_splits(table: pd.DataFrame, column: str | None) -> npt.NDArray[np.str_] | None:
    """Read which split a row belongs to; None where no column says so.

    Raises
    ------
    DataError
        If the column holds something else.
    """
    column = column or ("split" if "split" in table.columns else None)
    return None if column is None else _as_splits(table[column])


def _image_column(table: pd.DataFrame) -> str:
    from hybridml.images.tree import is_image_name

    return next(
        str(name)
        for name in table.columns
        if all(
            isinstance(value, str) and is_image_name(value)
            for value in table[name].dropna()
        )
    )


def _as_splits(values: pd.Series[Any]) -> npt.NDArray[np.str_]:
    import numpy as np

    from hybridml._checks import describe, list_names
    from hybridml.exceptions import DataError
    from hybridml.images.layout import SPLITS

    names = [str(value).strip().casefold() for value in values]
    unknown = sorted({name for name in names if name not in SPLITS})
    if unknown:
        cure = f"It holds {list_names(unknown[:5])}."
        expected = "a column of 'train', 'val' and 'test'"
        raise DataError(describe("split", str(values.name), expected, cure))
    return np.array([SPLITS[name] for name in names])


def _as_objects(values: Any) -> npt.NDArray[np.object_]:
    import numpy as np

    images = np.empty(len(values), dtype=object)
    images[:] = list(values)
    return images
