"""A weighted mean of what several estimators say, its weights from out of fold."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import softmax

from hybridml.fusion.learning.scores import row_losses, scores_from
from hybridml.fusion.learning.targets import Targets

Floats = npt.NDArray[np.float64]


def fit_weights(outputs: Floats, targets: Targets) -> Floats:
    """Find the weights of which the mixture loses least.

    Parameters
    ----------
    outputs : ndarray of shape (n_modalities, n_rows, n_outputs)
        Out of fold.
    targets : Targets

    Returns
    -------
    weights : ndarray of shape (n_modalities,), float64
        From 0, with a sum of 1.
    """
    if len(outputs) == 1:
        return np.ones(1)

    def loss(free: Floats) -> float:
        mixed = mix(outputs, softmax(np.append(free, 0.0)))
        return float(row_losses(scores_from(mixed, targets), targets).mean())

    start = np.zeros(len(outputs) - 1)
    found = minimize(loss, start, method="L-BFGS-B", bounds=[(-8, 8)] * len(start))
    return np.asarray(softmax(np.append(found.x, 0.0)))


def mix(outputs: Floats, weights: Floats) -> Floats:
    """Average outputs of shape (n_modalities, n_rows, n_outputs) by weights."""
    return np.asarray(np.tensordot(weights, outputs, axes=1))
