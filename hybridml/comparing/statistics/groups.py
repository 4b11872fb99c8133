"""Which contenders the data do not tell apart: the bars of a picture of differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from hybridml._checks import describe, is_number
from hybridml.comparing.statistics.adjust import holm_adjusted
from hybridml.exceptions import DataError, InvalidParameterError


def groups_not_told_apart(
    scores: Mapping[str, float], p_values: pd.DataFrame, *, alpha: float = 0.05
) -> list[tuple[str, ...]]:
    """Group the contenders of which no two are told apart.

    The p-values of all pairs are adjusted together by Holm's method. A contender may
    belong to several groups: if A and C are told apart, B may be neither from A nor
    from C.

    Parameters
    ----------
    scores : mapping of {str: float}
        Score of each contender; it gives the order.
    p_values : DataFrame of shape (n_contenders, n_contenders)
        Raw p-value of every pair, by name, as from `pairwise_p_values`; its diagonal is
        not read. A pair with NaN could not be compared, and so is not told apart.
    alpha : float, default=0.05
        Pairs with a smaller adjusted p-value are told apart.

    Returns
    -------
    groups : list of tuple of str
        All groups of at least two that are not part of a larger one, the best members
        first.

    Raises
    ------
    DataError
        If `p_values` lacks a contender.
    InvalidParameterError
        If `alpha` does not lie between 0 and 1.

    References
    ----------
    .. [1] J. Demsar, "Statistical Comparisons of Classifiers over Multiple Data Sets",
       Journal of Machine Learning Research 7, 2006, for the picture.
    .. [2] C. Bron and J. Kerbosch, "Algorithm 457: Finding All Cliques of an Undirected
       Graph", Communications of the ACM 16, 1973.

    Examples
    --------
    >>> names = ["case 1", "case 2", "case 4"]
    >>> p = [[1.0, 0.4, 0.001], [0.4, 1.0, 0.002], [0.001, 0.002, 1.0]]
    >>> table = pd.DataFrame(p, names, names)
    >>> groups_not_told_apart({"case 4": 0.7, "case 1": 0.9, "case 2": 0.88}, table)
    [('case 1', 'case 2')]
    """
    if not is_number(alpha, high=1.0):
        raise InvalidParameterError(describe("alpha", alpha, "a number from 0 to 1"))
    missing = [name for name in scores if name not in p_values.index]
    missing += [name for name in scores if name not in p_values.columns]
    if missing:
        raise DataError(
            f"Got no p_values of {missing[0]!r}; expected those of all pairs."
        )
    names = sorted(scores, key=lambda name: -scores[name])
    table = p_values.loc[names, names].to_numpy(dtype=float)
    upper = np.triu_indices(len(names), k=1)
    are_apart = holm_adjusted(table[upper]) < alpha
    alike: dict[int, set[int]] = {i: set() for i in range(len(names))}
    for i, j, is_apart in zip(*upper, are_apart, strict=True):
        if not is_apart:
            alike[int(i)].add(int(j))
            alike[int(j)].add(int(i))
    found = _cliques(set(), set(alike), set(), alike)
    ordered = sorted(sorted(group) for group in found if len(group) > 1)
    return [tuple(names[i] for i in group) for group in ordered]


def _cliques(
    group: set[int], open_: set[int], done: set[int], alike: Mapping[int, set[int]]
) -> Iterator[set[int]]:
    """Yield all maximal sets whose members are all alike (Bron and Kerbosch)."""
    if not open_ and not done:
        yield group
        return
    pivot = max(open_ | done, key=lambda i: len(alike[i] & open_))
    for i in sorted(open_ - alike[pivot]):
        yield from _cliques(group | {i}, open_ & alike[i], done & alike[i], alike)
        open_ = open_ - {i}
        done = done | {i}
