"""Losses agree with their definitions, and bends with differences of losses."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_expit, log_softmax

from hybridml.transfer.all_layers.losses import LOSSES, Table


def _value(name: str, scores: Table, targets: Table) -> float:
    if name == "multinomial":
        rows = -(targets * log_softmax(scores, axis=1)).sum(axis=1)
    elif name == "binary":
        losses = targets * log_expit(scores) + (1 - targets) * log_expit(-scores)
        rows = -losses.sum(axis=1)
    else:
        rows = ((scores - targets) ** 2).sum(axis=1) / 2
    return float(rows.mean())


def _case(name: str) -> tuple[Table, Table, Table]:
    rng = np.random.default_rng(0)
    scores, others = rng.normal(size=(2, 30, 4)) * 3
    if name == "multinomial":
        return scores, others, np.eye(4)[rng.integers(0, 4, 30)]
    return scores, others, rng.integers(0, 2, (30, 4)).astype(float)


@pytest.mark.parametrize("name", LOSSES)
def test_slope_is_the_derivative(name: str) -> None:
    scores, _, targets = _case(name)
    slope = LOSSES[name].slope(scores, targets)
    for place in [(0, 0), (7, 2), (29, 3)]:
        nudge = np.zeros_like(scores)
        nudge[place] = 1e-5
        rise = _value(name, scores + nudge, targets)
        rise -= _value(name, scores - nudge, targets)
        assert slope[place] == pytest.approx(rise / 2e-5, abs=1e-8)


@pytest.mark.parametrize("name", LOSSES)
def test_bend_is_the_height_above_the_tangent(name: str) -> None:
    scores, others, targets = _case(name)
    loss = LOSSES[name]
    height = _value(name, scores, targets) - _value(name, others, targets)
    height -= float((loss.slope(others, targets) * (scores - others)).sum())
    assert loss.bend(scores, others, targets) == pytest.approx(height)


@pytest.mark.parametrize("name", LOSSES)
def test_bend_of_a_tiny_change_is_no_rounding_error(name: str) -> None:
    scores, others, targets = _case(name)
    bend = LOSSES[name].bend
    near = bend(others + 1e-7 * scores, others, targets)
    assert near == pytest.approx(1e-14 * _quadratic(name, scores, others), rel=1e-4)


def _quadratic(name: str, change: Table, at: Table) -> float:
    targets = np.zeros_like(at)
    slope = LOSSES[name].slope
    ahead, behind = (slope(at + s * 1e-4 * change, targets) for s in (1, -1))
    return float(((ahead - behind) / 2e-4 * change).sum() / 2)


@pytest.mark.parametrize("name", LOSSES)
def test_null_scores_have_no_slope(name: str) -> None:
    _, _, targets = _case(name)
    scores = np.tile(LOSSES[name].null(targets), (30, 1))
    slope = LOSSES[name].slope(scores, targets)
    np.testing.assert_allclose(slope.sum(axis=0), 0, atol=1e-12)
