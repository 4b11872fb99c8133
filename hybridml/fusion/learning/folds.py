"""Inner folds that never fail: each group of rows is dealt out evenly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.intp]


def deal_folds(
    strata: Rows, n_folds: int, random_state: int
) -> list[tuple[Rows, Rows]]:
    """Deal the rows of each stratum out to folds in turn.

    Unlike scikit-learn's `StratifiedKFold` it takes strata of any size, without a
    warning: with fewer rows than folds a stratum is absent from some test parts.

    Parameters
    ----------
    strata : ndarray of shape (n_rows,), int
    n_folds : int
    random_state : int

    Returns
    -------
    folds : list of (train, test)
        Positions in ascending order.

    Examples
    --------
    >>> deal_folds(np.array([0, 1, 0, 1]), 2, 0)[0]
    (array([0, 3]), array([1, 2]))
    """
    rng = np.random.default_rng(random_state)
    shuffled = rng.permutation(len(strata))
    order = shuffled[np.argsort(strata[shuffled], kind="stable")]
    fold = np.empty(len(strata), dtype=np.intp)
    fold[order] = np.arange(len(strata)) % n_folds
    return [
        (np.flatnonzero(fold != number), np.flatnonzero(fold == number))
        for number in range(n_folds)
        if (fold == number).any() and (fold != number).any()
    ]
