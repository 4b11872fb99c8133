"""What may be passed as texts, and the strings it is inside."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hybridml.exceptions import DataError
from hybridml.fusion.encoders.taking_columns import take_columns

_EXPECTED = "a sequence of strings, a Series, or a DataFrame of columns of strings"

Texts = dict[Hashable, list[str]]


def as_texts(X: object) -> Texts:
    """Bring whatever holds texts to lists of strings, one for each column.

    Parameters
    ----------
    X : sequence of str, ndarray, Series or DataFrame
        None and NaN stand for a missing text, which becomes an empty one.

    Returns
    -------
    texts : dict of {column: list of str}
        The columns of what has no names are called x0, x1 and so on.

    Raises
    ------
    TypeError
        If `X` is a single string, or no sequence, or holds something else.
    DataError
        If it has no rows or no columns, more than two axes, or two columns of a name.

    Examples
    --------
    >>> as_texts(["red shoe", None])
    {'x0': ['red shoe', '']}
    """
    table = _as_frame(X)
    doubled = table.columns[table.columns.duplicated()]
    if len(doubled):
        raise DataError(f"Found the column {doubled[0]!r} twice; expected one of each.")
    if 0 in table.shape:
        raise DataError(
            f"Found texts of {table.shape[0]} row(s) and {table.shape[1]} column(s); "
            "expected at least one of each."
        )
    return {name: _as_strings(column, name) for name, column in table.items()}


def match_texts(X: object, columns: Sequence[Hashable], *, by_name: bool) -> Texts:
    """Bring texts to those columns that there were in `fit`.

    Parameters
    ----------
    X : sequence of str, ndarray, Series or DataFrame
    columns : sequence of hashable
        Those of `fit`.
    by_name : bool
        Whether `fit` had a DataFrame. Then the columns of one go by name; otherwise by
        position.

    Returns
    -------
    texts : dict of {column: list of str}

    Raises
    ------
    TypeError, DataError
        As `as_texts`, and if columns are missing, naming all of them.
    """
    if by_name and isinstance(X, pd.DataFrame):
        return as_texts(take_columns(X, columns))
    texts = as_texts(X)
    if len(texts) != len(columns):
        raise DataError(
            f"Got X with {len(texts)} column(s) of texts; expected {len(columns)}, as "
            "in fit."
        )
    return dict(zip(columns, texts.values(), strict=True))


def _as_frame(X: object) -> pd.DataFrame:
    if isinstance(X, pd.DataFrame):
        return X
    if isinstance(X, pd.Series):
        return X.to_frame("x0" if X.name is None else X.name)
    is_array = isinstance(X, (np.ndarray, pd.Index, pd.api.extensions.ExtensionArray))
    if isinstance(X, (str, bytes)) or not (is_array or isinstance(X, Sequence)):
        shown = f"={X!r}" if isinstance(X, str) else f" of type {type(X).__name__}"
        raise TypeError(f"Got X{shown}; expected {_EXPECTED}.")
    if isinstance(X, np.ndarray) and X.ndim == 2:
        columns = [f"x{i}" for i in range(X.shape[1])]
        return pd.DataFrame(X.astype(object), columns=columns)
    if isinstance(X, np.ndarray) and X.ndim != 1:
        raise DataError(f"Got X of shape {X.shape}; expected {_EXPECTED}.")
    elements: list[Any] = list(X)  # type: ignore[call-overload]
    return pd.DataFrame({"x0": pd.Series(elements, dtype=object)})


def _as_strings(column: pd.Series[Any], name: Hashable) -> list[str]:
    values: npt.NDArray[np.object_] = column.to_numpy(dtype=object)
    is_missing = column.isna().to_numpy()
    values = np.where(is_missing, "", values)
    for i, value in enumerate(values):
        if not isinstance(value, str):
            raise TypeError(
                f"Got {value!r} of type {type(value).__name__} in row {i} of {name!r}; "
                "expected a string or a missing value. Make strings with "
                "X.astype(str)."
            )
    return [str(value) for value in values]
