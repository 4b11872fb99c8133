"""Tables of pandas: a history, the results of a search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from hybridml.models.stand_ins.stand_in import StandIn


@dataclass
class Table(StandIn):
    """A DataFrame or a Series as lists.

    Attributes
    ----------
    columns, rows : list or int
        Their labels; a number stands for 0, 1 ...
    dtypes : list
    values : list of list
        One for each column.
    names : list of 2 lists
        Of the levels of rows and columns.
    is_series : bool
    """

    columns: list[Any] | int
    dtypes: list[str]
    values: list[list[Any]]
    rows: list[Any] | int
    names: list[list[Any]]
    is_series: bool

    @classmethod
    def of(cls, given: pd.DataFrame | pd.Series) -> Table:
        """Take a table apart."""
        frame = given.to_frame() if isinstance(given, pd.Series) else given
        parts = [frame.iloc[:, i] for i in range(frame.shape[1])]
        return cls(
            columns=_without_counting(frame.columns),
            dtypes=[str(part.dtype) for part in parts],
            values=[part.tolist() for part in parts],
            rows=_without_counting(frame.index),
            names=[list(frame.index.names), list(frame.columns.names)],
            is_series=isinstance(given, pd.Series),
        )

    @staticmethod
    def suits(value: Any) -> bool:
        """Whether something is a table."""
        return isinstance(value, pd.DataFrame | pd.Series)

    def restore(self, files: Mapping[str, bytes]) -> pd.DataFrame | pd.Series:
        """Make the table again."""
        rows = _labels(self.rows)
        pairs = zip(self.values, self.dtypes, strict=True)
        parts = [pd.Series(v, index=rows, dtype=dtype) for v, dtype in pairs]
        frame = pd.concat(parts, axis=1) if parts else pd.DataFrame(index=rows)
        frame.columns = _labels(self.columns)
        frame.index.names, frame.columns.names = self.names
        return frame.iloc[:, 0] if self.is_series else frame


def _without_counting(index: pd.Index[Any]) -> list[Any] | int:
    if isinstance(index, pd.RangeIndex) and (index.start, index.step) == (0, 1):
        return len(index)
    return list(index)


def _labels(given: list[Any] | int) -> pd.Index[Any]:
    if isinstance(given, int):
        return pd.RangeIndex(given)
    if given and all(isinstance(label, tuple) for label in given):
        levels: pd.Index[Any] = pd.MultiIndex.from_tuples(given)
        return levels
    labels: pd.Index[Any] = pd.Index(given)
    return labels
