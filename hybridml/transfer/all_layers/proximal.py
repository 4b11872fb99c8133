"""How a group lasso's weights are found: proximal gradient steps with momentum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hybridml.transfer.all_layers.losses import Loss, Table

Weights = npt.NDArray[np.floating]

_N_POWER_STEPS = 10
_MORE_CURVATURE = 1.5  # factor where a step proved too long
_MOST_CURVATURE = 4.0  # of the first guess: beyond it, it is rounding that fails


@dataclass(frozen=True)
class Solution:
    """Weights of the features, and the intercept.

    Attributes
    ----------
    weights : ndarray of shape (n_features, n_outputs)
    intercept : ndarray of shape (n_outputs,), float64
    scores : ndarray of shape (n_rows, n_outputs), float64
        What they give for the features that they were found on.
    n_steps : int
    """

    weights: Weights
    intercept: Table
    scores: Table
    n_steps: int = 0


def solve(
    features: npt.NDArray[np.floating],
    targets: Table,
    loss: Loss,
    strength: float,
    start: Solution,
    *,
    tolerance: float,
    max_steps: int,
) -> Solution:
    """Minimise the loss plus the strength times the sum of the rows' norms.

    Parameters
    ----------
    features : ndarray of shape (n_rows, n_features)
        Centred columns. Products are computed in their precision.
    targets : ndarray of shape (n_rows, n_outputs), float64
    loss : Loss
    strength : float
    start : Solution
        Where to begin.
    tolerance : float
        The steps end when no row of the gradient mapping is longer.
    max_steps : int

    Returns
    -------
    solution : Solution

    Notes
    -----
    Steps are FISTA's [1]_, their length found by backtracking; momentum is dropped
    whenever it points uphill [2]_.

    References
    ----------
    .. [1] A. Beck, M. Teboulle, "A Fast Iterative Shrinkage-Thresholding Algorithm for
       Linear Inverse Problems", SIAM Journal on Imaging Sciences, 2009, section 4.
    .. [2] B. O'Donoghue, E. Candes, "Adaptive Restart for Accelerated Gradient
       Schemes", Foundations of Computational Mathematics, 2015, section 3.2.
    """
    curvature = loss.curvature * max(1.0, _largest_variance(features))
    most = _MOST_CURVATURE * curvature
    now = ahead = start
    momentum, n_steps = 1.0, 0
    while n_steps < max_steps:
        before, n_steps = now, n_steps + 1
        now, curvature = _descend(
            features, targets, loss, strength, ahead, curvature, most
        )
        if curvature * _longest_row(ahead, now) <= tolerance:
            break
        if _points_uphill(ahead, now, before):
            momentum = 1.0
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = _beyond(now, before, (momentum - 1) / following)
        momentum = following
    return Solution(now.weights, now.intercept, now.scores, n_steps)


def shrink_rows(weights: Weights, amount: float) -> Weights:
    """Shorten each row by an amount; the shorter ones become zero.

    Examples
    --------
    >>> shrink_rows(np.array([[3.0, 4.0], [0.6, 0.8]]), 1.0)
    array([[2.4, 3.2], [0. , 0. ]])
    """
    norms = row_norms(weights)
    kept = np.maximum(0, 1 - amount / np.maximum(norms, amount))
    return weights * kept[:, None].astype(weights.dtype)


def row_norms(weights: Weights) -> npt.NDArray[np.float64]:
    """Euclidean length of each row."""
    squares = np.einsum("ij,ij->i", weights, weights, dtype=np.float64)
    return np.asarray(np.sqrt(squares))


def _descend(
    features: npt.NDArray[np.floating],
    targets: Table,
    loss: Loss,
    strength: float,
    at: Solution,
    curvature: float,
    most: float,
) -> tuple[Solution, float]:
    """Go one step down from a point; the curvature grows where it was too long."""
    slope = loss.slope(at.scores, targets)
    gradient = features.T @ slope.astype(features.dtype)
    while True:
        moved = at.weights - gradient / gradient.dtype.type(curvature)
        weights = shrink_rows(moved, strength / curvature)
        intercept = at.intercept - slope.sum(axis=0) / curvature
        scores = (features @ weights).astype(np.float64) + intercept
        squares = _squares(weights - at.weights) + _squares(intercept - at.intercept)
        bend = loss.bend(scores, at.scores, targets)
        if bend <= curvature / 2 * squares or curvature >= most:
            return Solution(weights, intercept, scores), curvature
        curvature *= _MORE_CURVATURE


def _largest_variance(features: npt.NDArray[np.floating]) -> float:
    """Estimate the variance along the longest axis of centred features, from below."""
    axis = features.sum(axis=1)
    axis += np.linspace(-1, 1, len(axis), dtype=axis.dtype)
    for _ in range(_N_POWER_STEPS):
        norm = np.linalg.norm(axis)
        if norm == 0:
            return 0.0
        axis = features @ (features.T @ (axis / norm))
    return float(np.linalg.norm(axis)) / len(features)


def _longest_row(first: Solution, second: Solution) -> float:
    change = row_norms(first.weights - second.weights).max(initial=0.0)
    return float(max(change, np.linalg.norm(first.intercept - second.intercept)))


def _points_uphill(ahead: Solution, now: Solution, before: Solution) -> bool:
    along = np.vdot(ahead.weights - now.weights, now.weights - before.weights)
    along += np.vdot(ahead.intercept - now.intercept, now.intercept - before.intercept)
    return bool(along > 0)


def _beyond(now: Solution, before: Solution, share: float) -> Solution:
    """Go on in the direction of the last step; scores are linear in the weights."""
    factor = now.weights.dtype.type(share)
    return Solution(
        now.weights + factor * (now.weights - before.weights),
        now.intercept + share * (now.intercept - before.intercept),
        now.scores + share * (now.scores - before.scores),
    )


def _squares(values: npt.NDArray[np.floating]) -> float:
    return float(np.vdot(values, values))
