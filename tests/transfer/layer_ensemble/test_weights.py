"""The weights are those of the least loss, near equal where little is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from scipy.optimize import minimize

from hybridml.transfer.layer_ensemble.weights import (
    weigh_numbers,
    weigh_probabilities,
)

Floats = npt.NDArray[np.float64]
RNG = np.random.default_rng(0)
LIKELIHOODS = RNG.uniform(0.05, 1, (4, 60)) ** np.array([[0.3], [0.6], [1], [2]])
NUMBERS = RNG.normal(size=(50, 2)) * [1, 10] + [0, 5]
PREDICTED = (
    NUMBERS + RNG.normal(size=(3, 50, 2)) * [1, 10] * np.c_[0.5, 1, 2].T[:, None]
)


def _slowly(loss: Callable[[Floats], float], n_members: int, n_images: int) -> Floats:
    """Minimise what is documented with a solver that knows constraints."""

    def penalised(weights: Floats) -> float:
        given = np.clip(weights, 1e-12, 1)
        entropy = float(np.sum(given * np.log(given * n_members)))
        return loss(given) + 2 / n_images * entropy

    found = minimize(
        penalised,
        np.full(n_members, 1 / n_members),
        method="SLSQP",
        bounds=[(0, 1)] * n_members,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1},
        options={"ftol": 1e-12, "maxiter": 1000},
    )
    return np.asarray(found.x)


def test_weights_of_probabilities_lose_least() -> None:
    slowly = _slowly(lambda w: -float(np.log(w @ LIKELIHOODS).mean()), 4, 60)
    weights = weigh_probabilities(LIKELIHOODS)
    np.testing.assert_allclose(weights, slowly, atol=1e-3)
    assert 0.1 < weights.max() < 0.99  # neither all the same, nor one alone


def test_weights_of_numbers_lose_least() -> None:
    def loss(weights: Floats) -> float:
        errors = (np.tensordot(weights, PREDICTED, 1) - NUMBERS) / NUMBERS.std(axis=0)
        return float((errors**2).mean())

    weights = weigh_numbers(PREDICTED, NUMBERS)
    np.testing.assert_allclose(weights, _slowly(loss, 3, 50), atol=1e-3)
    assert weights[0] > weights[1] > weights[2]


def test_weights_sum_to_one_and_none_is_negative() -> None:
    for weights in (
        weigh_probabilities(LIKELIHOODS),
        weigh_numbers(PREDICTED, NUMBERS),
    ):
        assert weights.sum() == pytest.approx(1)
        assert (weights >= 0).all()


@pytest.mark.parametrize("n_images", [4, 400])
def test_members_that_say_the_same_count_the_same(n_images: int) -> None:
    weights = weigh_probabilities(np.full((3, n_images), 0.7))
    np.testing.assert_allclose(weights, 1 / 3)


def test_the_fewer_the_images_the_nearer_equal() -> None:
    one = np.array([[0.8], [0.6]])
    few, many = (weigh_probabilities(np.tile(one, n)) for n in (4, 400))
    assert 0.5 < few[0] < 0.8
    assert many[0] > 0.95


def test_certainty_that_is_wrong_costs_no_infinite_loss() -> None:
    weights = weigh_probabilities(np.array([[1.0, 0.0, 1.0, 1.0], [0.5] * 4]))
    assert np.isfinite(weights).all()
    assert weights.min() > 0


def test_numbers_that_are_all_the_same_can_be_weighed() -> None:
    weights = weigh_numbers(
        np.stack([np.ones((6, 1)), np.zeros((6, 1))]), np.ones((6, 1))
    )
    assert weights[0] > 0.5
