"""Scaling by the middle half is robust, monotone and bounded."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from hybridml.fusion.encoders.table.squashing_scaler import SquashingScaler


@parametrize_with_checks([SquashingScaler()])
@pytest.mark.filterwarnings("ignore")  # the checks provoke warnings on purpose
def test_squashing_scaler_keeps_the_rules_of_scikit_learn(estimator, check) -> None:
    check(estimator)


def scaled(*values: float) -> np.ndarray:
    return SquashingScaler().fit_transform(np.array(values)[:, np.newaxis])[:, 0]


def test_median_becomes_zero_and_the_middle_half_has_length_one() -> None:
    scaler = SquashingScaler().fit(np.arange(101.0)[:, np.newaxis])
    assert (scaler.center_, scaler.scale_) == ([50.0], [50.0])


def test_order_is_kept_and_nothing_lies_beyond_three() -> None:
    values = scaled(-1e300, -1e9, 0, 1, 2, 3, 1e9, 1e300)
    assert (np.diff(values[1:7]) > 0).all()
    assert np.abs(values).max() <= 3


@pytest.mark.parametrize("value", [0.0, 0.1, -1e300])
def test_constant_columns_become_zero(value: float) -> None:
    assert not scaled(value, value, value).any()


def test_rounding_noise_is_no_spread() -> None:
    noise = np.array([0, 1, -1, 2, 1]) * 1e-16
    assert not scaled(*(0.3 + noise)).any()


def test_mostly_constant_columns_are_scaled_by_their_range() -> None:
    values = scaled(*[0.0] * 9, 10.0)
    assert values[:9].tolist() == [0] * 9
    assert 1 < values[9] < 3


def test_missing_values_stay_missing_and_do_not_count() -> None:
    with_gap = scaled(1, 2, np.nan, 3)
    assert np.isnan(with_gap).tolist() == [False, False, True, False]
    np.testing.assert_array_equal(with_gap[[0, 1, 3]], scaled(1, 2, 3))
