"""Holm's adjustment does what its definition says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hybridml.comparing.statistics.adjust import holm_adjusted
from hybridml.exceptions import DataError


def _rejected_step_by_step(p_values: list[float], alpha: float) -> set[int]:
    """Reject the smallest against alpha / n, the next against alpha / (n - 1), ..."""
    rejected: set[int] = set()
    for i in sorted(range(len(p_values)), key=lambda i: p_values[i]):
        if p_values[i] * (len(p_values) - len(rejected)) > alpha:
            break
        rejected.add(i)
    return rejected


@pytest.mark.parametrize("seed", range(20))
def test_adjusted_values_decide_as_the_stepwise_procedure(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p_values = (rng.random(rng.integers(1, 12)) ** 3).tolist()
    adjusted = holm_adjusted(p_values)
    for alpha in (0.001, 0.01, 0.05, 0.2):
        expected = _rejected_step_by_step(p_values, alpha)
        assert set(np.flatnonzero(adjusted <= alpha)) == expected


def test_adjusted_values_keep_order_and_lie_between_raw_and_bonferroni() -> None:
    p_values = np.array([0.2, 0.01, 0.04, 0.01, 0.9])
    adjusted = holm_adjusted(p_values)
    assert (adjusted >= p_values).all()
    assert (adjusted <= np.minimum(1, 5 * p_values)).all()
    assert (np.diff(adjusted[np.argsort(p_values)]) >= 0).all()


def test_single_value_stays_as_it_is() -> None:
    assert holm_adjusted([0.04]).tolist() == [0.04]


def test_no_values_give_none() -> None:
    assert holm_adjusted([]).shape == (0,)


def test_comparisons_that_were_not_made_do_not_count() -> None:
    adjusted = holm_adjusted([0.01, math.nan, 0.04])
    np.testing.assert_allclose(adjusted, [0.02, math.nan, 0.04])


@pytest.mark.parametrize("p_values", [[[0.1]], [1.2], [-0.1, 0.5], 0.3])
def test_values_that_are_no_p_values_are_refused(p_values: object) -> None:
    with pytest.raises(DataError, match=r"Got p_values=.*from 0 to 1"):
        holm_adjusted(p_values)  # type: ignore[arg-type]
