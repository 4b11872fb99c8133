"""Resamples are the same for all contenders, and the fast way agrees with the slow."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from hybridml.comparing.statistics import resampling
from hybridml.comparing.statistics.resampling import Resampled, resample_score
from hybridml.exceptions import DataError, InvalidParameterError

RIGHT = (np.arange(50) % 5 > 0).astype(float)


def test_array_and_function_give_the_same_resamples() -> None:
    fast = resample_score(RIGHT, 50, n_resamples=200)
    slow = resample_score(lambda at: float(RIGHT[at].mean()), 50, n_resamples=200)
    assert fast.score == slow.score == 0.8
    np.testing.assert_allclose(fast.resamples, slow.resamples)


def test_same_seed_draws_the_same_images_and_another_does_not() -> None:
    one, two = resample_score(RIGHT, 50), resample_score(RIGHT, 50)
    np.testing.assert_array_equal(one.resamples, two.resamples)
    other = resample_score(RIGHT, 50, random_state=1)
    assert (one.resamples != other.resamples).any()


def test_two_contenders_are_paired_where_images_come_in_small_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resampling, "_POSITIONS_AT_ONCE", 120)
    one = resample_score(RIGHT, 50, n_resamples=11)
    two = resample_score(1 - RIGHT, 50, n_resamples=11)
    assert one.resamples.shape == (11,)
    np.testing.assert_allclose(one.resamples + two.resamples, 1.0)


def test_spread_is_the_error_of_a_mean() -> None:
    resamples = resample_score(RIGHT, 50, n_resamples=5000).resamples
    assert resamples.std() == pytest.approx(math.sqrt(0.8 * 0.2 / 50), rel=0.05)


def test_interval_is_that_of_the_resamples_with_a_score() -> None:
    values = np.array([*np.linspace(0, 1, 101), math.nan, math.nan])
    assert Resampled(0.5, values).interval(0.9) == pytest.approx((0.05, 0.95))


def test_interval_of_no_scores_is_unknown() -> None:
    bounds = Resampled(math.nan, np.array([math.nan])).interval()
    assert all(math.isnan(bound) for bound in bounds)


def test_single_image_is_always_drawn() -> None:
    assert resample_score(np.array([0.7]), 1).interval() == (0.7, 0.7)


@pytest.mark.parametrize("options", [{"n_images": 0}, {"n_resamples": 0}])
def test_counts_that_are_none_are_refused(options: dict[str, Any]) -> None:
    ((name, _),) = options.items()
    with pytest.raises(InvalidParameterError, match=rf"Got {name}=0; .* positive"):
        resample_score(RIGHT, **{"n_images": 50, **options})


def test_array_of_other_images_is_refused() -> None:
    with pytest.raises(DataError, match=r"shape \(50,\); .* each of 40 images"):
        resample_score(RIGHT, 40)
