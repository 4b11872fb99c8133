"""Which of several heads is best, from what they say of rows they have not seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

from hybridml.fusion.learning.folds import Rows
from hybridml.fusion.learning.scores import (
    as_taken_by,
    fit_temperature,
    outputs_from,
    row_losses,
    scores_of,
)
from hybridml.fusion.learning.targets import Targets

Floats = npt.NDArray[np.float64]
Featurise = Callable[[Rows, Rows], tuple[Any, Any]]


@dataclass(frozen=True, eq=False)
class Tuned:
    """The head that was chosen, unfitted, and what it said out of fold.

    Attributes
    ----------
    head : estimator
    temperature : float
        By which its scores are divided.
    outputs : ndarray of shape (n_rows, n_outputs), float64
        Out of fold: what was said of each row by a head that had not seen it.
    losses : tuple of float
        What makes one head better than another: the share of wrong predictions, then
        the mean calibrated log-loss; of numbers the squared error.
    """

    head: Any
    temperature: float
    outputs: Floats
    losses: tuple[float, ...]


def tune(
    heads: Sequence[Any],
    featurise: Featurise,
    targets: Targets,
    folds: Sequence[tuple[Rows, Rows]],
    *,
    calibrate: bool = True,
) -> Tuned:
    """Choose the head that is wrong least often about rows it has not seen.

    Of equal ones that with the least log-loss; of numbers the least squared error.

    Parameters
    ----------
    heads : sequence of estimators
    featurise : callable
        Takes positions to learn from and others, and returns the features of both.
    targets : Targets
    folds : sequence of (train, test)
        Each row is in one test part.
    calibrate : bool, default=True
        Whether scores are divided by the temperature that loses least.
    """
    scores = np.zeros((len(heads), len(targets.values), targets.n_outputs))
    for train, test in folds:
        known, asked = featurise(train, test)
        learned = targets.take(train)
        for number, head in enumerate(heads):
            fitted = fit_head(head, known, learned)
            scores[number, test] = scores_of(fitted, asked, targets)
    judged = [
        _judge(head, said, targets, calibrate)
        for head, said in zip(heads, scores, strict=True)
    ]
    return min(judged, key=lambda tuned: tuned.losses)


def fit_head(head: Any, features: Any, targets: Targets) -> Any:
    """Fit a copy of a head; where there is one class only, what always says so."""
    if targets.task == "classification" and len(np.unique(targets.values)) < 2:
        return _Constant(targets.for_heads()[:1])
    return clone(head).fit(as_taken_by(head, features), targets.for_heads())


def _judge(head: Any, scores: Floats, targets: Targets, calibrate: bool) -> Tuned:
    if targets.task == "regression":
        return Tuned(head, 1.0, scores, (float(row_losses(scores, targets).mean()),))
    temperature = fit_temperature(scores, targets) if calibrate else 1.0
    loss = float(row_losses(scores / temperature, targets).mean())
    outputs = outputs_from(scores, targets, temperature)
    is_wrong = targets.predictions(outputs) != targets.for_heads()
    return Tuned(head, temperature, outputs, (float(is_wrong.mean()), loss))


class _Constant:
    """Says the only class there was."""

    def __init__(self, classes: npt.NDArray[Any]) -> None:
        self.classes_ = classes

    def predict_proba(self, X: Any) -> Floats:
        return np.ones((X.shape[0], 1))
