"""A weighted mean of what several estimators say, its weights from out of fold."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from hybridml.fusion.learning.scores import outputs_from, row_losses, scores_from
from hybridml.fusion.learning.targets import Targets

Floats = npt.NDArray[np.float64]

_MOST = 10.0
_LEAST = 1e-3  # how sure a modality counts at most: it is calibrated on few rows


def fit_weights(outputs: Floats, prior: Floats, targets: Targets) -> Floats:
    """Find the weights of which the weighted mean loses least.

    Probabilities are averaged as logarithms, by how far they are from those of a guess
    (a logarithmic opinion pool): what two modalities say independently of one another
    then adds up, and their weights need not sum to 1. What each of them knew beforehand
    counts once. Numbers are averaged as they are.

    Parameters
    ----------
    outputs : ndarray of shape (n_modalities, n_rows, n_outputs)
        Out of fold.
    prior : ndarray of shape (n_outputs,)
        What is guessed of a row of which nothing is known.
    targets : Targets

    Returns
    -------
    weights : ndarray of shape (n_modalities,), float64
        From 0 on; those of numbers sum to 1.

    References
    ----------
    T. Heskes, "Selecting weighting factors in logarithmic opinion pools", NIPS 1997.
    R. Bordley, "A multiplicative formula for aggregating probability assessments",
    Management Science 28, 1982 (the distance from the prior).
    """
    if len(outputs) == 1:
        return np.ones(1)
    scores, guess = pool_scores(outputs, targets), pool_scores(prior, targets)

    def loss(weights: Floats) -> float:
        mixed = _pool(_normalised(weights, targets), scores, guess)
        return float(row_losses(mixed, targets).mean())

    start = np.full(len(outputs), 1 / len(outputs))
    bounds = [(0.0, _MOST)] * len(outputs)
    found = minimize(loss, start, method="L-BFGS-B", bounds=bounds)
    return _normalised(found.x, targets)


def mix(outputs: Floats, weights: Floats, prior: Floats, targets: Targets) -> Floats:
    """Combine outputs of shape (n_modalities, n_rows, n_outputs) by weights."""
    scores, guess = pool_scores(outputs, targets), pool_scores(prior, targets)
    return outputs_from(_pool(weights, scores, guess), targets)


def pool_scores(outputs: Floats, targets: Targets) -> Floats:
    """Turn outputs of several estimators into scores that can be added.

    Logarithms of probabilities, log odds of labels, none of them extreme, or numbers.
    """
    if targets.task != "regression":
        outputs = np.clip(outputs, _LEAST, 1 - _LEAST)
    return scores_from(outputs, targets)


def _pool(weights: Floats, scores: Floats, prior: Floats) -> Floats:
    return np.asarray(prior + np.tensordot(weights, scores - prior, axes=1))


def _normalised(weights: Floats, targets: Targets) -> Floats:
    if targets.task != "regression":
        return np.asarray(weights)
    total = weights.sum()
    return np.asarray(
        weights / total if total else np.full_like(weights, 1 / len(weights))
    )
