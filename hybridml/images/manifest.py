"""How a table of image names and labels is read."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hybridml._checks import check_name, describe, list_names
from hybridml.exceptions import DataError, HybridMLWarning
from hybridml.images.source import is_url
from hybridml.images.table import read_table
from hybridml.images.tree import check_exists, is_image_name

_N_NAMED = 5


def load_manifest(
    path: str | Path,
    *,
    image_column: str | None = None,
    target: str | None = None,
    split_column: str | None = None,
    image_folder: str | Path | None = None,
) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
    """Read a table that names images and says what is to be predicted.

    Parameters
    ----------
    path : str or Path
        A .csv, .tsv (also compressed: .csv.gz) or .parquet file.
    image_column : str or None, default=None
        Holds the images' paths or URLs; a missing value is a missing image. None finds
        the one column of image file names.
    target : str or None, default=None
        What is to be predicted. None takes the only column that is left.
    split_column : str or None, default=None
        Says which split a row belongs to. None takes the column "split", if any.
    image_folder : str, Path or None, default=None
        Where relative paths start. None is the manifest's folder, or the folder
        "images" in it if only that holds any of the images.

    Returns
    -------
    table : DataFrame of n_rows rows
        Every column but the target, in the file's order; relative image paths joined
        to the folder they start from.
    y : ndarray of shape (n_rows,)
        The target; texts as str, numbers as they are.

    Raises
    ------
    DataError
        If the file is missing, empty or of another format; if the columns cannot be
        told apart; if labels or image files are missing.
    UnknownNameError
        If there is no column of the name given.

    Examples
    --------
    >>> table, y = load_manifest("cells.csv", target="n_cells")  # doctest: +SKIP
    """
    table = read_table(Path(path))
    _check_header(table)
    split_column = _choose_split(table, split_column)
    image_column = _choose_image(table, image_column)
    target = _choose_target(table, target, {image_column, split_column})
    for column in filter(None, (target, split_column)):
        _check_complete(table, column)
    folder = _choose_folder(table[image_column], Path(path).parent, image_folder)
    images = _locate(table[image_column], folder)
    _check_present(images, image_column, folder)
    y = _as_labels(table[target])
    _warn_of_repeats(images, y)
    located = pd.Series(images, index=table.index, dtype=object)
    return table.assign(**{image_column: located}).drop(columns=target), y


def _check_header(table: pd.DataFrame) -> None:
    named = [str(name) for name in table.columns if is_image_name(str(name))]
    if named:
        raise DataError(
            f"The table seems to have no header row: a column is called {named[0]!r}. "
            "Give its columns names in a first row, such as image,label."
        )


def _choose_split(table: pd.DataFrame, column: str | None) -> str | None:
    if column is not None:
        _check_column("split_column", column, table)
        return column
    return "split" if "split" in table.columns else None


def _choose_image(table: pd.DataFrame, column: str | None) -> str:
    if column is not None:
        _check_column("image_column", column, table)
        return column
    found = [name for name in table.columns if _holds_image_names(table[name])]
    if len(found) == 1:
        return str(found[0])
    expected = f"the column of image file names, one of {list_names(table.columns)}"
    finding = f"{list_names(found)} would do" if found else "no column looks like it"
    raise DataError(describe("image_column", None, expected, f"{finding}."))


def _choose_target(
    table: pd.DataFrame, column: str | None, taken: set[str | None]
) -> str:
    free = [str(name) for name in table.columns if name not in taken]
    if column is None:
        if len(free) == 1:
            return free[0]
        known = list_names(free) or f"beside {list_names(table.columns)}, is none"
        expected = f"the column to predict: {known}"
        raise DataError(describe("target", None, expected))
    _check_column("target", column, table)
    if column not in free:
        expected = "a column that holds neither the images nor the split"
        raise DataError(describe("target", column, expected))
    return column


def _check_column(parameter: str, column: str, table: pd.DataFrame) -> None:
    names = [str(name) for name in table.columns]
    check_name(parameter, column, names, expected=f"a column: {list_names(names)}")


def _holds_image_names(values: pd.Series[Any]) -> bool:
    present = values.dropna()
    return len(present) > 0 and all(
        isinstance(value, str) and is_image_name(value) for value in present
    )


def _warn_of_repeats(images: Sequence[Any], y: npt.NDArray[Any]) -> None:
    """Say how many rows name an image again, and how many with another label."""
    pairs = pd.DataFrame({"image": list(images), "label": y}).dropna(subset=["image"])
    n_again = int(pairs["image"].duplicated().sum())
    n_contrary = int((pairs.groupby("image")["label"].nunique() > 1).sum())
    if n_again:
        contrary = f", {n_contrary} images with different labels" if n_contrary else ""
        warnings.warn(
            f"{n_again} rows name an image that an earlier row names{contrary}. Copies "
            "may end up in training and test alike.",
            HybridMLWarning,
            stacklevel=3,
        )


def _check_complete(table: pd.DataFrame, column: str) -> None:
    rows = np.flatnonzero(table[column].isna())
    if len(rows):
        first = ", ".join(map(str, rows[:_N_NAMED]))
        raise DataError(
            f"Column {column!r} has no value in {len(rows)} of {len(table)} rows "
            f"(counted from 0: {first}{', ...' if len(rows) > _N_NAMED else ''}); "
            "expected one in each. Texts such as 'NA' and 'None' count as no value."
        )


def _choose_folder(
    values: pd.Series[Any], beside: Path, given: str | Path | None
) -> Path:
    if given is not None:
        check_exists(Path(given), expected="a folder of images")
        return Path(given)
    for folder in (beside, beside / "images"):
        if any((folder / str(value)).is_file() for value in values.dropna()):
            return folder
    return beside


def _locate(values: pd.Series[Any], folder: Path) -> list[str | None]:
    return [
        None if missing else value if is_url(str(value)) else str(folder / str(value))
        for value, missing in zip(values.astype(object), values.isna(), strict=True)
    ]


def _check_present(images: list[str | None], column: str, folder: Path) -> None:
    known = [image for image in images if image is not None and not is_url(image)]
    missing = [image for image in known if not Path(image).is_file()]
    if missing:
        named = ", ".join(repr(image) for image in missing[:_N_NAMED])
        n_more = len(missing) - _N_NAMED
        raise DataError(
            f"Column {column!r} names {len(missing)} files that do not exist: {named}"
            f"{f' and {n_more} more' if n_more > 0 else ''}. Relative paths start from "
            f"{str(folder)!r}; image_folder names another."
        )


def _as_labels(values: pd.Series[Any]) -> npt.NDArray[Any]:
    labels = values.to_numpy()
    if labels.dtype.kind == "O" and all(isinstance(label, str) for label in labels):
        return labels.astype(str)
    return labels
