"""Which columns of a manifest say what, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hybridml._checks import check_name, describe, list_names
from hybridml.exceptions import DataError
from hybridml.images.tree import is_image_name

_N_NAMED = 5


def check_header(table: pd.DataFrame) -> None:
    """Refuse a table whose first row already names an image."""
    named = [str(name) for name in table.columns if is_image_name(str(name))]
    if named:
        raise DataError(
            f"The table seems to have no header row: a column is called {named[0]!r}. "
            "Give its columns names in a first row, such as image,label."
        )


def choose_split(table: pd.DataFrame, column: str | None) -> str | None:
    """Take the column that was named, else one called "split", else none."""
    if column is not None:
        check_column("split_column", column, table)
        return column
    return "split" if "split" in table.columns else None


def choose_target(
    table: pd.DataFrame, column: str | None, taken: Collection[str | None]
) -> str:
    """Take the column that was named, else the only one that is not taken."""
    free = [str(name) for name in table.columns if name not in taken]
    if column is None:
        if len(free) == 1:
            return free[0]
        known = list_names(free) or f"beside {list_names(table.columns)}, is none"
        expected = f"the column to predict: {known}"
        raise DataError(describe("target", None, expected))
    check_column("target", column, table)
    if column not in free:
        expected = "a column that holds neither the images nor the split"
        raise DataError(describe("target", column, expected))
    return column


def check_column(parameter: str, column: str, table: pd.DataFrame) -> None:
    """Refuse a column that there is not, with the nearest one."""
    names = [str(name) for name in table.columns]
    check_name(parameter, column, names, expected=f"a column: {list_names(names)}")


def check_complete(table: pd.DataFrame, column: str) -> None:
    """Refuse a column with gaps, and say where they are."""
    rows = np.flatnonzero(table[column].isna())
    if len(rows):
        first = ", ".join(map(str, rows[:_N_NAMED]))
        raise DataError(
            f"Column {column!r} has no value in {len(rows)} of {len(table)} rows "
            f"(counted from 0: {first}{', ...' if len(rows) > _N_NAMED else ''}); "
            "expected one in each. Texts such as 'NA' and 'None' count as no value."
        )


def as_labels(values: pd.Series[Any]) -> npt.NDArray[Any]:
    """Give texts as str and numbers as they are."""
    labels = values.to_numpy()
    if labels.dtype.kind == "O" and all(isinstance(label, str) for label in labels):
        return labels.astype(str)
    return labels
