"""How a table of image names and labels is read."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pandas as pd

from hybridml._checks import describe, list_names
from hybridml.exceptions import DataError, HybridMLWarning, InvalidParameterError
from hybridml.images.manifest_columns import (
    as_labels,
    check_column,
    check_complete,
    check_header,
    choose_split,
    choose_target,
)
from hybridml.images.manifest_files import locate_all, locate_present
from hybridml.images.table import read_table
from hybridml.images.tree import is_image_name


def load_manifest(
    path: str | Path,
    *,
    image_column: str | None = None,
    target: str | None = None,
    split_column: str | None = None,
    image_folder: str | Path | None = None,
    file_columns: Sequence[str] | None = None,
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
    file_columns : sequence of str or None, default=None
        Instead of `image_column`, for fusion: all columns of paths or URLs, be it of
        images or of sounds, and perhaps none. A file that does not exist counts as
        missing there, and a warning tells how many do not.

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
        told apart; if labels or image files (of `file_columns`, all) are missing.
    InvalidParameterError
        If `image_column` and `file_columns` are both given.
    UnknownNameError
        If there is no column of the name given.

    Examples
    --------
    >>> table, y = load_manifest("cells.csv", target="n_cells")  # doctest: +SKIP
    >>> table, y = load_manifest(
    ...     "talks.csv", file_columns=["slide", "voice"], target="topic"
    ... )  # doctest: +SKIP
    """
    table = read_table(Path(path))
    check_header(table)
    split_column = choose_split(table, split_column)
    files = _choose_files(table, image_column, file_columns)
    target = choose_target(table, target, {*files, split_column})
    for column in filter(None, (target, split_column)):
        check_complete(table, column)
    y = as_labels(table[target])
    locate = locate_all if file_columns is None else locate_present
    for column in files:
        located = locate(table[column], Path(path).parent, image_folder)
        if file_columns is None:
            _warn_of_repeats(located, y)
        table[column] = pd.Series(located, index=table.index, dtype=object)
    return table.drop(columns=target), y


def _choose_files(
    table: pd.DataFrame, image_column: str | None, file_columns: Sequence[str] | None
) -> list[str]:
    if file_columns is None:
        return [_choose_image(table, image_column)]
    if image_column is not None:
        expected = "None, since file_columns names the columns"
        raise InvalidParameterError(describe("image_column", image_column, expected))
    for column in file_columns:
        check_column("file_columns", column, table)
    return list(file_columns)


def _choose_image(table: pd.DataFrame, column: str | None) -> str:
    if column is not None:
        check_column("image_column", column, table)
        return column
    found = [name for name in table.columns if _holds_image_names(table[name])]
    if len(found) == 1:
        return str(found[0])
    expected = f"the column of image file names, one of {list_names(table.columns)}"
    finding = f"{list_names(found)} would do" if found else "no column looks like it"
    raise DataError(describe("image_column", None, expected, f"{finding}."))


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
