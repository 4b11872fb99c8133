"""Which rows no other row beats in everything: the Pareto front."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hybridml._checks import describe
from hybridml.exceptions import DataError, InvalidParameterError

_SIGNS = {"high": 1.0, "low": -1.0}


def is_pareto_optimal(
    values: npt.ArrayLike, *, better: Sequence[str]
) -> npt.NDArray[np.bool_]:
    """Mark the rows that no other row beats.

    A row is beaten by another that is at least as good in every column, and better in
    one.

    Parameters
    ----------
    values : array-like of shape (n_rows, n_columns)
        A row with NaN is neither optimal nor beats another. Rows that are the same in
        all columns do not beat each other.
    better : sequence of {"high", "low"}
        For each column, which values are the better ones.

    Returns
    -------
    is_optimal : ndarray of shape (n_rows,), bool

    Raises
    ------
    DataError
        If `values` does not have two axes.
    InvalidParameterError
        If `better` is not "high" or "low" for each column.

    References
    ----------
    .. [1] K. Deb, "Multi-Objective Optimization using Evolutionary Algorithms", 2001,
       chapter 2.

    Examples
    --------
    >>> score_and_seconds = [[0.94, 90.0], [0.91, 4.0], [0.90, 30.0]]
    >>> is_pareto_optimal(score_and_seconds, better=("high", "low")).tolist()
    [True, True, False]
    """
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2:
        raise DataError(
            f"Got values of shape {table.shape}; expected rows and columns."
        )
    if len(better) != table.shape[1] or not set(better) <= set(_SIGNS):
        expected = f"'high' or 'low' for each of {table.shape[1]} columns"
        raise InvalidParameterError(describe("better", better, expected))
    goods = table * [_SIGNS[name] for name in better]
    is_known = ~np.isnan(goods).any(axis=1)
    is_optimal = np.zeros(len(goods), dtype=np.bool_)
    for i in np.flatnonzero(is_known):
        is_optimal[i] = not _is_beaten(goods[i], goods[is_known])
    return is_optimal


def _is_beaten(row: npt.NDArray[np.float64], rivals: npt.NDArray[np.float64]) -> bool:
    is_as_good = (rivals >= row).all(axis=1)
    return bool((is_as_good & (rivals > row).any(axis=1)).any())
