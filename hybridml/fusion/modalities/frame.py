"""The table that holds all the modalities: its rows, its columns and its gaps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import issparse
from sklearn.utils import check_array

from hybridml._checks import did_you_mean, list_names
from hybridml.exceptions import DataError

_EXPECTED = "a pandas DataFrame, or a 2-D array of numbers"


def as_frame(X: Any) -> pd.DataFrame:
    """Bring the input of an estimator into a DataFrame.

    Parameters
    ----------
    X : DataFrame or array-like of shape (n_rows, n_columns)
        DataFrames of other libraries are taken by their `to_pandas`; the columns of an
        array are called 0, 1 ...

    Raises
    ------
    DataError
        If X is something else, or has two columns of one name.
    ValueError
        If an array is not of two dimensions, or has no rows or columns.
    """
    frame: pd.DataFrame
    if isinstance(X, pd.DataFrame):
        frame = X
    elif hasattr(X, "to_pandas"):
        frame = X.to_pandas()
    else:
        if issparse(X):
            raise DataError(f"Got sparse data as X; expected {_EXPECTED}. Use toarray.")
        given = X if isinstance(X, np.ndarray) else np.asarray(X)
        frame = pd.DataFrame(check_array(given, dtype=None, ensure_all_finite=False))
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        names = list_names([str(name) for name in twice.unique()])
        raise DataError(f"X has more than one column called {names}.")
    return frame


def resolve_columns(frame: pd.DataFrame, columns: Any, owner: str) -> Any:
    """Turn what was given as columns into a name, or a list of names.

    Parameters
    ----------
    frame : DataFrame
    columns : str, int, slice, callable, or list of str, int or bool
        As in scikit-learn's `ColumnTransformer`; integers are positions, unless the
        DataFrame has columns of that name.
    owner : str
        Name of the modality, for messages.

    Returns
    -------
    names : label or list of labels

    Raises
    ------
    DataError
        If there are no such columns.
    """
    if callable(columns):
        columns = columns(frame)
    if isinstance(columns, slice):
        return _slice(frame, columns, owner)
    if isinstance(columns, str) or not isinstance(columns, Sequence | np.ndarray):
        return _resolve_one(frame, columns, owner)
    listed = list(columns)
    if listed and all(isinstance(flag, bool | np.bool_) for flag in listed):
        if len(listed) != frame.shape[1]:
            raise DataError(
                f"Modality {owner!r} has a mask of {len(listed)} columns; X has "
                f"{frame.shape[1]}."
            )
        listed = list(frame.columns[np.asarray(listed)])
    if not len(listed):
        raise DataError(f"Modality {owner!r} has no columns.")
    return [_resolve_one(frame, column, owner) for column in listed]


def take_columns(
    frame: pd.DataFrame, names: Any, owner: str
) -> pd.Series | pd.DataFrame:
    """Take columns by name: one as a Series, a list of them as a DataFrame.

    Raises
    ------
    DataError
        If X has them no longer.
    """
    for name in names if isinstance(names, list) else [names]:
        if name not in frame.columns:
            raise DataError(
                f"X lacks the column {name!r} of modality {owner!r}. Add it, with None "
                "where it is missing."
            )
    taken: pd.Series | pd.DataFrame = frame[names]
    return taken


def find_missing(values: pd.Series | pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Tell of each row whether all of its values are missing.

    None, NaN, NaT, an empty string, one of blanks, and empty bytes are missing.

    Parameters
    ----------
    values : Series of shape (n_rows,) or DataFrame of shape (n_rows, n_columns)

    Returns
    -------
    is_missing : ndarray of shape (n_rows,), bool

    Examples
    --------
    >>> find_missing(pd.Series(["a", "", None]))
    array([False,  True,  True])
    """
    columns = (
        [values] if isinstance(values, pd.Series) else [c for _, c in values.items()]
    )
    return np.asarray(np.logical_and.reduce([_are_missing(c) for c in columns]))


def _are_missing(column: pd.Series) -> npt.NDArray[np.bool_]:
    if column.dtype != object and not isinstance(column.dtype, pd.StringDtype):
        return np.asarray(column.isna(), dtype=bool)
    return np.array([_is_missing(value) for value in column], dtype=bool)


def _is_missing(value: Any) -> bool:
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, bytes):
        return not value
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def _slice(frame: pd.DataFrame, columns: slice, owner: str) -> list[Any]:
    ends = [end for end in (columns.start, columns.stop) if end is not None]
    by_name = any(isinstance(end, str) for end in ends)
    try:
        part = frame.loc[:, columns] if by_name else frame.iloc[:, columns]
    except (KeyError, TypeError) as exc:
        raise DataError(f"Modality {owner!r}: X has no columns {columns}.") from exc
    if not part.shape[1]:
        raise DataError(f"Modality {owner!r} has no columns: {columns} holds none.")
    return list(part.columns)


def _resolve_one(frame: pd.DataFrame, column: Any, owner: str) -> Any:
    if column in frame.columns:
        return column
    if isinstance(column, int | np.integer):
        position, n_columns = int(column), frame.shape[1]
        if -n_columns <= position < n_columns:
            return frame.columns[position]
    names = [str(name) for name in frame.columns]
    cure = did_you_mean(column, names) or f"It has {list_names(names[:20])}."
    raise DataError(f"X has no column {column!r} for modality {owner!r}. {cure}")
