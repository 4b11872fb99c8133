"""The corrected t-test agrees with its definition and with published numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import make_moons
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
from sklearn.svm import SVC

from hybridml.comparing.statistics.bayesian_t import probabilities_of_difference
from hybridml.comparing.statistics.corrected_t import (
    corrected_interval,
    corrected_resampled_t_test,
)

DIFFERENCES = [0.03, 0.05, 0.01, 0.04, 0.02]


def test_it_is_the_plain_t_test_with_a_smaller_statistic() -> None:
    plain = stats.ttest_1samp(DIFFERENCES, 0.0)
    test = corrected_resampled_t_test(DIFFERENCES, n_train=160, n_test=40)
    statistic = plain.statistic / math.sqrt(1 + 5 * 40 / 160)
    assert test.statistic == pytest.approx(statistic)
    assert test.p_value == pytest.approx(2 * stats.t(4).sf(statistic))
    assert (test.df, test.mean) == (4, pytest.approx(0.03))


def test_exchanged_contenders_give_the_same_p_value() -> None:
    there = corrected_resampled_t_test(DIFFERENCES, n_train=160, n_test=40)
    back = corrected_resampled_t_test([-d for d in DIFFERENCES], n_train=160, n_test=40)
    assert (there.statistic, there.p_value) == (-back.statistic, back.p_value)


def test_interval_leaves_out_nothing_just_where_the_test_says_so() -> None:
    for shift in np.linspace(-0.05, 0.05, 41):
        moved = np.array(DIFFERENCES) + shift
        test = corrected_resampled_t_test(moved, n_train=160, n_test=40)
        low, high = corrected_interval(moved, n_train=160, n_test=40)
        assert (low > 0 or high < 0) == (test.p_value < 0.05)


def test_no_difference_at_all_has_a_p_value_of_one() -> None:
    test = corrected_resampled_t_test([0.0] * 5, n_train=160, n_test=40)
    assert (test.statistic, test.p_value) == (0, 1)


def test_one_image_in_every_fold_does_not_win() -> None:
    test = corrected_resampled_t_test([1 / 20] * 5, n_train=80, n_test=20)
    assert test.p_value > 0.05


def test_half_of_the_images_in_every_fold_win() -> None:
    test = corrected_resampled_t_test([0.5] * 5, n_train=80, n_test=20)
    assert 0 < test.p_value < 0.01


def test_published_comparison_of_two_kernels_comes_out_the_same() -> None:
    # The numbers are those of "Statistical comparison of models using grid search"
    # among scikit-learn's examples: its bounds and probabilities as printed there.
    X, y = make_moons(noise=0.352, random_state=1, n_samples=100)
    cv = RepeatedStratifiedKFold(n_splits=10, n_repeats=10, random_state=0)
    rbf, linear = (
        cross_val_score(SVC(kernel=kernel), X, y, scoring="roc_auc", cv=cv)
        for kernel in ("rbf", "linear")
    )
    differences, sizes = rbf - linear, {"n_train": 90, "n_test": 10}
    whole = corrected_interval(differences, **sizes)
    assert whole == pytest.approx((-0.016445, 0.036445), abs=1e-6)
    middle = corrected_interval(differences, **sizes, level=0.5)
    assert middle == pytest.approx((0.000977, 0.019023), abs=1e-6)
    test = corrected_resampled_t_test(differences, **sizes)
    assert test.statistic == pytest.approx(0.750, abs=5e-4)
    assert test.p_value / 2 == pytest.approx(0.227, abs=5e-4)  # one-sided there
    probabilities = probabilities_of_difference(differences, **sizes, rope=0.01)
    assert probabilities.equivalent == pytest.approx(0.43, abs=5e-3)
    assert probabilities.worse == pytest.approx(0.068, abs=5e-4)


def test_test_keeps_its_size_on_correlated_normal_differences() -> None:
    rng = np.random.default_rng(0)
    shared = math.sqrt(0.2) * rng.normal(size=(4000, 1))
    own = math.sqrt(0.8) * rng.normal(size=(4000, 5))
    p_values = [
        corrected_resampled_t_test(row, n_train=80, n_test=20).p_value
        for row in shared + own
    ]
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.01)
