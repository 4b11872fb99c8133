"""Selecting from a table the columns that there were in `fit`."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import pandas as pd

from hybridml.exceptions import DataError


def take_columns(table: pd.DataFrame, names: Sequence[Hashable]) -> pd.DataFrame:
    """Select columns by name, in the order of the names.

    Parameters
    ----------
    table : DataFrame
    names : sequence of hashable

    Returns
    -------
    selected : DataFrame

    Raises
    ------
    DataError
        If columns are missing, naming all of them.

    Examples
    --------
    >>> take_columns(pd.DataFrame({"a": [1], "b": [2]}), ["b", "c", "d"])
    Traceback (most recent call last):
    ...
    hybridml.exceptions.DataError: Got X without the column(s) 'c', 'd'; expected ...
    """
    missing = [name for name in names if name not in table.columns]
    if missing:
        shown = ", ".join(map(repr, missing))
        raise DataError(
            f"Got X without the column(s) {shown}; expected those of fit. "
            f"It has {list(table.columns)!r}."
        )
    return table[list(names)]
