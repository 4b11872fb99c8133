"""The probabilities are those of the posterior, integrated another way."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import integrate

from hybridml.comparing.statistics.bayesian_t import probabilities_of_difference
from hybridml.exceptions import InvalidParameterError

DIFFERENCES = np.array([0.03, 0.05, -0.01, 0.04, 0.02, 0.0])
SIZES = {"n_train": 100, "n_test": 20}


def test_probabilities_are_those_of_the_model_integrated_numerically() -> None:
    """Multivariate normal likelihood with equal correlations, prior 1 / variance."""
    n, rho, rope = len(DIFFERENCES), 20 / 120, 0.01
    inverse = np.linalg.inv((1 - rho) * np.eye(n) + rho)

    def density(mean: float) -> float:
        # The variance is integrated out: int s^-(n/2) exp(-q / 2s) ds / s ~ q^-(n/2).
        off = DIFFERENCES - mean
        return float(1e4 * off @ inverse @ off) ** (-n / 2)

    def mass(low: float, high: float) -> float:
        return float(integrate.quad(density, low, high, epsabs=0, limit=500)[0])

    parts = [mass(rope, 5.0), mass(-rope, rope), mass(-5.0, -rope)]
    found = probabilities_of_difference(DIFFERENCES, **SIZES, rope=rope)
    assert list(found) == pytest.approx([p / sum(parts) for p in parts], abs=1e-6)


def test_probabilities_sum_to_one() -> None:
    assert sum(probabilities_of_difference(DIFFERENCES, **SIZES)) == pytest.approx(1)


def test_exchanged_contenders_exchange_their_probabilities() -> None:
    there = probabilities_of_difference(DIFFERENCES, **SIZES)
    back = probabilities_of_difference(-DIFFERENCES, **SIZES)
    assert there == pytest.approx((back.worse, back.equivalent, back.better))


def test_without_a_region_nothing_is_equivalent() -> None:
    assert probabilities_of_difference(DIFFERENCES, **SIZES, rope=0).equivalent == 0


def test_agreement_of_few_images_is_weaker_than_of_many() -> None:
    few = probabilities_of_difference([0.0] * 5, n_train=80, n_test=20)
    many = probabilities_of_difference([0.0] * 5, n_train=8000, n_test=2000)
    assert few.equivalent < 0.5 < 0.999 < many.equivalent


@pytest.mark.parametrize("rope", [-0.01, math.nan, "wide", True])
def test_region_that_is_none_is_refused(rope: Any) -> None:
    with pytest.raises(InvalidParameterError, match=r"Got rope=.*does not matter"):
        probabilities_of_difference(DIFFERENCES, **SIZES, rope=rope)
