"""A mean over folds is as uncertain as folds that share training images leave it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from hybridml.comparing.statistics.fold_mean import mean_over_folds
from hybridml.exceptions import DataError, InvalidParameterError

SCORES = [0.90, 0.86, 0.94, 0.88, 0.92]


def test_error_is_that_of_independent_scores_with_the_ratio_added() -> None:
    found = mean_over_folds(SCORES, n_train=80, n_test=20)
    assert found.mean == pytest.approx(0.9)
    expected = stats.sem(SCORES) * math.sqrt(1 + 5 * 20 / 80)
    assert found.standard_error == pytest.approx(expected)


def test_error_vanishes_into_that_of_independent_scores_with_many_to_learn_from() -> (
    None
):
    found = mean_over_folds(SCORES, n_train=10**9, n_test=1)
    assert found.standard_error == pytest.approx(stats.sem(SCORES))


def test_sizes_of_folds_count_by_their_mean_ratio() -> None:
    uneven = mean_over_folds(SCORES, n_train=[80, 80, 80, 80, 100], n_test=20)
    even = mean_over_folds(SCORES, n_train=1, n_test=(4 * 20 / 80 + 20 / 100) / 5)
    assert uneven.standard_error == pytest.approx(even.standard_error)


def test_repeating_the_same_folds_does_not_remove_the_shared_part() -> None:
    found = mean_over_folds(SCORES * 1000, n_train=80, n_test=20)
    assert found.standard_error > np.std(SCORES) * math.sqrt(20 / 80)


def test_interval_holds_the_mean_at_its_centre_and_grows_with_its_level() -> None:
    found = mean_over_folds(SCORES, n_train=80, n_test=20)
    low, high = found.interval()
    assert (low + high) / 2 == pytest.approx(found.mean)
    wider_low, wider_high = found.interval(0.99)
    assert wider_low < low < high < wider_high


@pytest.mark.parametrize("score", [0.0, 0.5, 1.0, -0.2, 3.7, -40.0])
def test_equal_scores_are_not_certain(score: float) -> None:
    few = mean_over_folds([score] * 5, n_train=80, n_test=20)
    many = mean_over_folds([score] * 5, n_train=8000, n_test=2000)
    assert few.mean == pytest.approx(score)
    assert few.standard_error > many.standard_error > 0


def test_equal_shares_have_the_spread_of_a_share_by_chance() -> None:
    found = mean_over_folds([0.5] * 5, n_train=80, n_test=20)
    by_chance = math.sqrt(0.25 / 20)
    assert found.standard_error == pytest.approx(by_chance * math.sqrt(1 / 5 + 20 / 80))


def test_scores_equal_but_for_rounding_count_as_equal() -> None:
    differences = np.array([0.9, 0.8, 0.7]) - np.array([0.8, 0.7, 0.6])
    assert np.ptp(differences) > 0
    rounded = mean_over_folds(differences, n_train=80, n_test=20)
    exact = mean_over_folds([0.1] * 3, n_train=80, n_test=20)
    assert rounded.standard_error == pytest.approx(exact.standard_error)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ([], r"scores of shape \(0,\); expected those of 2 folds or more.*bootstrap"),
        ([0.9], r"scores of shape \(1,\)"),
        ([[0.9, 0.8]], r"scores of shape \(1, 2\)"),
        ([0.9, math.nan, 0.8, math.inf], r"not finite in folds \[1, 3\]"),
    ],
)
def test_scores_that_cannot_be_averaged_are_refused(scores: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        mean_over_folds(scores, n_train=80, n_test=20)


@pytest.mark.parametrize("n_test", [0, -1, math.nan, [20, 20], [20, 20, 20, 20, 0]])
def test_sizes_that_are_none_are_refused(n_test: Any) -> None:
    with pytest.raises(InvalidParameterError, match=r"Got n_test=.* each of 5 folds"):
        mean_over_folds(SCORES, n_train=80, n_test=n_test)


@pytest.mark.parametrize("level", [0, 1, 95, -0.1, "high", None])
def test_level_that_is_none_is_refused(level: Any) -> None:
    found = mean_over_folds(SCORES, n_train=80, n_test=20)
    with pytest.raises(InvalidParameterError, match=r"Got level=.*between 0 and 1"):
        found.interval(level)
