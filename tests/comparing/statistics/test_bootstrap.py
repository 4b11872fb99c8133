"""A difference on one split is as sure as its images make it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from hybridml.comparing.statistics.bootstrap import PairedBootstrap, paired_bootstrap
from hybridml.comparing.statistics.resampling import Resampled, resample_score
from hybridml.exceptions import DataError, InvalidParameterError


def _compare(
    first: np.ndarray, second: np.ndarray, n_resamples: int = 1000, **options: Any
) -> PairedBootstrap:
    n = len(first)
    a = resample_score(first, n, n_resamples=n_resamples)
    b = resample_score(second, n, n_resamples=n_resamples)
    return paired_bootstrap(a, b, **options)


def _right(n_both: int, n_first: int, n_second: int, n_none: int) -> Any:
    first = [1.0] * (n_both + n_first) + [0.0] * (n_second + n_none)
    second = [1.0] * n_both + [0.0] * n_first + [1.0] * n_second + [0.0] * n_none
    return np.array(first), np.array(second)


def test_p_value_agrees_with_a_test_of_paired_means() -> None:
    first, second = _right(120, 30, 15, 35)
    plain = stats.ttest_rel(first, second)
    found = _compare(first, second, 20_000)
    assert found.difference == pytest.approx(0.075)
    assert found.p_value == pytest.approx(plain.pvalue, abs=0.006)
    interval = plain.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx(interval, abs=0.006)


def test_bounds_leave_out_nothing_just_where_the_p_value_says_so() -> None:
    for n_first in range(5, 40):
        found = _compare(*_right(100, n_first, 10, 20))
        assert (found.low > 0 or found.high < 0) == (found.p_value < 0.05)


def test_widening_is_that_of_the_deviations() -> None:
    first, second = _right(120, 30, 15, 35)
    plain, wide = _compare(first, second), _compare(first, second, test_to_train=3.0)
    assert wide.high - wide.difference == pytest.approx(
        2 * (plain.high - plain.difference)
    )
    assert wide.p_value > plain.p_value


def test_equal_predictions_do_not_differ() -> None:
    first, _ = _right(30, 10, 0, 0)
    found = _compare(first, first)
    assert (found.difference, found.low, found.high, found.p_value) == (0, 0, 0, 1)
    assert found.probabilities == (0, 1, 0)


def test_certain_difference_has_the_least_p_value() -> None:
    found = _compare(np.ones(50), np.zeros(50), 199)
    assert (found.difference, found.p_value) == (1, 1 / 200)
    assert found.probabilities == (1, 0, 0)


def test_exchanged_contenders_mirror_the_result() -> None:
    first, second = _right(120, 30, 15, 35)
    there, back = _compare(first, second), _compare(second, first)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert there.p_value == back.p_value
    assert there.probabilities.better == back.probabilities.worse


def test_probabilities_are_shares_of_resamples() -> None:
    a = Resampled(0.5, np.array([0.50, 0.52, 0.48, 0.50, 0.51]))
    b = Resampled(0.5, np.full(5, 0.5))
    assert paired_bootstrap(a, b, rope=0.01).probabilities == pytest.approx(
        (0.2, 0.6, 0.2)
    )


def test_resamples_without_a_score_are_dropped_and_counted() -> None:
    labels = np.array([1] + [0] * 7)
    good, bad = np.arange(8)[::-1], np.arange(8)

    def auc(scores: np.ndarray) -> Resampled:
        def score(at: np.ndarray) -> float:
            if len(set(labels[at])) < 2:
                return math.nan
            return float(roc_auc_score(labels[at], scores[at]))

        return resample_score(score, 8, n_resamples=300)

    found = paired_bootstrap(auc(good), auc(bad))
    assert found.difference == 1
    assert found.n_dropped == pytest.approx(300 * (7 / 8) ** 8, rel=0.2)
    assert found.p_value == 1 / (301 - found.n_dropped)


def test_nothing_is_known_where_no_resample_has_a_score() -> None:
    nothing = Resampled(0.5, np.full(10, math.nan))
    found = paired_bootstrap(nothing, nothing)
    assert found.n_dropped == 10
    assert math.isnan(found.p_value)
    assert all(math.isnan(share) for share in found.probabilities)


def test_other_numbers_of_resamples_are_refused() -> None:
    a, b = Resampled(0.5, np.zeros(10)), Resampled(0.5, np.zeros(12))
    with pytest.raises(DataError, match="10 and 12 resamples; expected the same"):
        paired_bootstrap(a, b)


@pytest.mark.parametrize("ratio", [-1, math.nan, "all"])
def test_ratio_that_is_none_is_refused(ratio: Any) -> None:
    nothing = Resampled(0.5, np.zeros(10))
    with pytest.raises(InvalidParameterError, match=r"Got test_to_train=.*0 or more"):
        paired_bootstrap(nothing, nothing, test_to_train=ratio)
