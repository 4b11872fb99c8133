"""Weights of a logarithmic pool: what is known beforehand counts once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

from hybridml.fusion.late.weighted import fit_weights, mix
from hybridml.fusion.learning.scores import row_losses, scores_from
from hybridml.fusion.learning.targets import class_targets, number_targets

PRIOR = np.array([0.9, 0.1])
RNG = np.random.default_rng(0)


def _said_by_independent_witnesses(n_rows: int = 20_000) -> tuple[Any, Any]:
    """Let two give the true posterior of what each of them sees alone."""
    classes = (RNG.random(n_rows) < PRIOR[1]).astype(int)
    seen = RNG.normal(size=(2, n_rows)) + 1.5 * classes
    ratio = 1.5 * seen - 1.5**2 / 2  # log density of class 1 over that of class 0
    scores = np.stack([np.zeros_like(ratio), ratio], axis=2) + np.log(PRIOR)
    return softmax(scores, axis=2), class_targets(classes, n_rows)


def test_independent_witnesses_are_multiplied_and_the_prior_is_counted_once() -> None:
    outputs, targets = _said_by_independent_witnesses()
    weights = fit_weights(outputs, PRIOR, targets)
    np.testing.assert_allclose(weights, 1.0, atol=0.1)
    mixed = mix(outputs, np.ones(2), PRIOR, targets)
    posterior = outputs.prod(axis=0) / PRIOR
    posterior /= posterior.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(mixed, posterior, atol=0.01)  # none counts as quite sure


def test_no_weights_lose_less() -> None:
    outputs, targets = _said_by_independent_witnesses(500)

    def loss(weights: Any) -> float:
        mixed = mix(outputs, weights, PRIOR, targets)
        return float(row_losses(scores_from(mixed, targets), targets).mean())

    weights = fit_weights(outputs, PRIOR, targets)
    for change in ([0.1, 0], [-0.1, 0], [0, 0.1], [0, -0.1], [0.1, -0.1]):
        assert loss(weights) <= loss(weights + np.array(change)) + 1e-6


def test_who_knows_nothing_has_no_weight() -> None:
    outputs, targets = _said_by_independent_witnesses(2000)
    outputs[1] = RNG.permutation(outputs[1])
    weights = fit_weights(outputs, PRIOR, targets)
    assert weights[0] == pytest.approx(1.0, abs=0.2)
    assert weights[1] < 0.15


def test_of_nothing_but_weights_of_zero_the_prior_is_left() -> None:
    outputs, targets = _said_by_independent_witnesses(100)
    mixed = mix(outputs, np.zeros(2), PRIOR, targets)
    np.testing.assert_allclose(mixed, np.tile(PRIOR, (100, 1)))


def test_numbers_are_averaged() -> None:
    numbers = RNG.normal(size=50) + 100.0
    targets = number_targets(numbers, 50)
    said = np.stack([numbers + 1.0, numbers - 1.0])[..., None]
    weights = fit_weights(said, targets.prior(), targets)
    np.testing.assert_allclose(weights, 0.5, atol=1e-3)
    mixed = mix(said, weights, targets.prior(), targets)
    np.testing.assert_allclose(mixed[:, 0], numbers, atol=1e-2)
