"""Proximal steps: rows are shrunk as wholes, and the objective's minimum is found."""

from __future__ import annotations

import numpy as np

from hybridml.transfer.all_layers.losses import LOSSES
from hybridml.transfer.all_layers.proximal import (
    Solution,
    row_norms,
    shrink_rows,
    solve,
)


def test_shrunk_rows_keep_their_direction() -> None:
    weights = np.random.default_rng(0).normal(size=(50, 3))
    shrunk = shrink_rows(weights, 1.5)
    lost = row_norms(weights) - row_norms(shrunk)
    np.testing.assert_allclose(lost, np.minimum(row_norms(weights), 1.5))
    kept = row_norms(shrunk) > 0
    assert 0 < kept.sum() < 50
    cosines = (weights * shrunk).sum(axis=1)[kept]
    expected = (row_norms(weights) * row_norms(shrunk))[kept]
    np.testing.assert_allclose(cosines, expected)


def test_shrinking_by_nothing_changes_nothing() -> None:
    weights = np.array([[0.0, 0.0], [1.0, 2.0]])
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(shrink_rows(weights, 1e-300), weights)


def test_weak_penalty_gives_least_squares() -> None:
    rng = np.random.default_rng(0)
    features, targets = rng.normal(size=(60, 8)), rng.normal(size=(60, 2))
    features -= features.mean(axis=0)
    nothing = Solution(np.zeros((8, 2)), np.zeros(2), np.zeros((60, 2)))
    found = solve(
        features,
        targets,
        LOSSES["squared"],
        1e-12,
        nothing,
        tolerance=1e-10,
        max_steps=1000,
    )
    expected = np.linalg.lstsq(features, targets - targets.mean(axis=0))[0]
    np.testing.assert_allclose(found.weights, expected, atol=1e-8)
    np.testing.assert_allclose(found.intercept, targets.mean(axis=0), atol=1e-8)
    np.testing.assert_allclose(
        found.scores, features @ found.weights + found.intercept, atol=1e-12
    )


def test_steps_end_at_their_limit() -> None:
    rng = np.random.default_rng(0)
    features, targets = rng.normal(size=(20, 40)), rng.normal(size=(20, 2))
    nothing = Solution(np.zeros((40, 2)), np.zeros(2), np.zeros((20, 2)))
    limits = {"tolerance": 1e-12, "max_steps": 3}
    found = solve(features, targets, LOSSES["squared"], 0.01, nothing, **limits)
    assert found.n_steps == 3
