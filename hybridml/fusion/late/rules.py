"""Rules that combine what several estimators say, without learning anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit, softmax

from hybridml.heads.catalogue import Task

Floats = npt.NDArray[np.float64]
Rule = Callable[[Floats, Task], Floats]

_LEAST = 1e-6


def mean(outputs: Floats, task: Task) -> Floats:
    """Average probabilities, or numbers.

    Parameters
    ----------
    outputs : ndarray of shape (n_modalities, n_rows, n_outputs)
    task : {"classification", "multilabel", "regression"}

    Returns
    -------
    combined : ndarray of shape (n_rows, n_outputs)
    """
    return np.asarray(outputs.mean(axis=0))


def product(outputs: Floats, task: Task) -> Floats:
    """Multiply probabilities, and normalise."""
    clipped = np.clip(outputs, _LEAST, 1 - _LEAST)
    if task == "multilabel":
        return np.asarray(expit(logit(clipped).sum(axis=0)))
    return np.asarray(softmax(np.log(clipped).sum(axis=0), axis=1))


def maximum(outputs: Floats, task: Task) -> Floats:
    """Take the highest probability of each class, normalised; of labels the surest."""
    if task == "multilabel":
        surest = np.abs(outputs - 0.5).argmax(axis=0)
        return np.asarray(np.take_along_axis(outputs, surest[None], axis=0)[0])
    highest = outputs.max(axis=0)
    return np.asarray(highest / highest.sum(axis=1, keepdims=True))


def vote(outputs: Floats, task: Task) -> Floats:
    """Share of the modalities that say so; equal votes are decided by the mean."""
    if task == "multilabel":
        votes = (outputs > 0.5).mean(axis=0)
    else:
        votes = np.eye(outputs.shape[2])[outputs.argmax(axis=2)].mean(axis=0)
    tie_break = 1e-3  # far less than a vote
    return np.asarray((1 - tie_break) * votes + tie_break * outputs.mean(axis=0))


RULES: Mapping[str, Rule] = {
    "mean": mean,
    "product": product,
    "max": maximum,
    "vote": vote,
}
