"""What a column holds, and how it is read: numbers, categories, dates, durations."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api import types

from hybridml.exceptions import DataError
from hybridml.fusion.encoders.table.dates import Dates, choose_dates

_NUMBERS = {"integer", "floating", "mixed-integer-float", "decimal"}
_DATES = {"datetime", "datetime64", "date"}
_DURATIONS = {"timedelta", "timedelta64"}


@dataclass(frozen=True)
class Numbers:
    """A column of numbers."""

    kind: str = "number"
    marked: str | None = ""

    def read(self, column: pd.Series[Any]) -> dict[str, npt.NDArray[Any]]:
        """Give the numbers, NaN where they are missing."""
        numbers = pd.to_numeric(column, errors="coerce")
        wrong = column[numbers.isna() & column.notna()]
        if len(wrong):
            raise DataError(
                f"Got {wrong.iloc[0]!r} in the column {column.name!r}; expected "
                "numbers, as in fit."
            )
        values = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
        if np.isinf(values).any():
            raise DataError(
                f"Got infinity in the column {column.name!r}; expected finite or "
                "missing numbers. Replace it by NaN."
            )
        return {"": values}


@dataclass(frozen=True)
class Categories:
    """A column of categories: strings, booleans, or anything as its string."""

    kind: str = "category"
    marked: str | None = None

    def read(self, column: pd.Series[Any]) -> dict[str, npt.NDArray[Any]]:
        """Give the categories as strings, None where they are missing."""
        return {"": as_labels(column)}


@dataclass(frozen=True)
class Durations:
    """A column of durations."""

    kind: str = "duration"
    marked: str | None = ".seconds"

    def read(self, column: pd.Series[Any]) -> dict[str, npt.NDArray[Any]]:
        """Give their seconds, NaN where they are missing."""
        durations = pd.to_timedelta(column, errors="coerce")
        return {".seconds": durations.dt.total_seconds().to_numpy(dtype=np.float64)}


# How one column is read. Of its plain columns, the one that ends on `marked` says what
# is missing; categories say so themselves.
Reader: TypeAlias = Numbers | Categories | Durations | Dates


def choose_reader(column: pd.Series[Any]) -> Reader:
    """Decide what a column of `fit` holds.

    Parameters
    ----------
    column : Series

    Returns
    -------
    reader : Reader

    Examples
    --------
    >>> choose_reader(pd.Series([1.5, None])).kind
    'number'
    >>> choose_reader(pd.Series(["2024-02-29", None])).kind
    'date'
    """
    dtype = column.dtype
    if types.is_bool_dtype(dtype) or isinstance(dtype, pd.CategoricalDtype):
        return Categories()
    if types.is_complex_dtype(dtype):
        raise DataError(
            f"Got complex numbers in the column {column.name!r}; expected real ones."
        )
    if types.is_numeric_dtype(dtype):
        return Numbers()
    holds = types.infer_dtype(column, skipna=True)
    if holds in _NUMBERS:
        return Numbers()
    if holds in _DURATIONS:
        return Durations()
    is_date = holds in _DATES or holds == "string"
    return (choose_dates(column) if is_date else None) or Categories()


def read_columns(
    table: pd.DataFrame, readers: Mapping[Hashable, Reader]
) -> pd.DataFrame:
    """Read all columns, each into one or several plain ones.

    Parameters
    ----------
    table : DataFrame
    readers : mapping of {column: Reader}

    Returns
    -------
    plain : DataFrame
        Of float64 numbers, and of str or None.

    Raises
    ------
    DataError
        If two columns would give plain ones of one name, such as those of a date
        called "day" and a number called "day.month".
    """
    plain: dict[str, npt.NDArray[Any]] = {}
    for name, reader in readers.items():
        read = reader.read(table[name])
        new = {f"{name}{end}": values for end, values in read.items()}
        if taken := plain.keys() & new.keys():
            raise DataError(
                f"Found two columns that give the features {min(taken)!r}; expected "
                f"different ones. Rename the column {name!r}."
            )
        plain |= new
    return pd.DataFrame(plain, index=table.index)


def as_labels(column: pd.Series[Any]) -> npt.NDArray[np.object_]:
    """Write each value as a string; None where it is missing.

    A whole number is written alike whether it is stored as an integer or not.

    Examples
    --------
    >>> as_labels(pd.Series([2011.0, None, "red"], dtype=object))
    array(['2011', None, 'red'], dtype=object)
    """
    values, is_missing = column.to_numpy(dtype=object), column.isna().to_numpy()
    labels = np.empty(len(values), dtype=object)
    for i in np.flatnonzero(~is_missing):
        labels[i] = _label(values[i])
    return labels


def _label(value: object) -> str:
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if is_whole else str(value)  # type: ignore[call-overload]
