"""Inner folds."""

from __future__ import annotations

import numpy as np
import pytest

from hybridml.fusion.learning.folds import deal_folds


def test_each_row_is_tested_once_and_strata_are_spread() -> None:
    strata = np.array([0] * 20 + [1] * 7 + [2])
    folds = deal_folds(strata, 4, 0)
    tested = np.concatenate([test for _, test in folds])
    assert sorted(tested) == list(range(28))
    for train, test in folds:
        assert np.intersect1d(train, test).size == 0
        assert 4 <= (strata[test] == 0).sum() <= 6


@pytest.mark.parametrize("n_rows", [2, 3])
def test_few_rows_make_fewer_folds(n_rows: int) -> None:
    folds = deal_folds(np.zeros(n_rows, dtype=int), 5, 0)
    assert len(folds) == n_rows
    assert all(len(train) and len(test) for train, test in folds)
