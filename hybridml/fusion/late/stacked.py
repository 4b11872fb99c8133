"""An estimator that learns from what others say out of fold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression, Ridge

from hybridml.fusion.late.weighted import pool_scores
from hybridml.fusion.learning.folds import deal_folds
from hybridml.fusion.learning.scores import outputs_from, scores_of
from hybridml.fusion.learning.targets import Targets
from hybridml.fusion.learning.tuning import fit_head, tune
from hybridml.heads.catalogue import Task
from hybridml.heads.multilabel_head import MultiLabelHead

Floats = npt.NDArray[np.float64]

_STRENGTHS = (0.01, 0.1, 1.0)
_ALPHAS = (0.1, 1.0, 10.0, 100.0)


@dataclass(frozen=True, eq=False)
class Stacked:
    """A fitted final estimator.

    Attributes
    ----------
    final : fitted estimator
    temperature : float
    """

    final: Any
    temperature: float

    def outputs(self, outputs: Floats, targets: Targets) -> Floats:
        """Combine outputs of shape (n_modalities, n_rows, n_outputs)."""
        scores = scores_of(self.final, _features(outputs, targets), targets)
        return outputs_from(scores, targets, self.temperature)


def fit_stacked(
    outputs: Floats,
    targets: Targets,
    *,
    final_estimator: Any,
    n_folds: int,
    random_state: int,
) -> Stacked:
    """Fit a final estimator to logarithms of probabilities, or to numbers.

    Parameters
    ----------
    outputs : ndarray of shape (n_modalities, n_rows, n_outputs)
        Out of fold.
    targets : Targets
    final_estimator : estimator or None
        None is a logistic regression, or a ridge, of the strength that suits.
    n_folds : int
        That tell the strengths apart, and calibrate.
    random_state : int
    """
    features = _features(outputs, targets)
    finals = [final_estimator]
    if final_estimator is None:
        finals = _default_finals(targets.task)
    tuned = tune(
        finals,
        lambda train, test: (features[train], features[test]),
        targets,
        deal_folds(targets.strata, n_folds, random_state),
    )
    return Stacked(fit_head(tuned.head, features, targets), tuned.temperature)


def _features(outputs: Floats, targets: Targets) -> Floats:
    return np.hstack(list(pool_scores(outputs, targets)))


def _default_finals(task: Task) -> list[Any]:
    if task == "regression":
        return [Ridge(alpha) for alpha in _ALPHAS]
    finals: list[Any] = [LogisticRegression(C=c, max_iter=1000) for c in _STRENGTHS]
    if task == "multilabel":
        return [MultiLabelHead(final) for final in finals]
    return finals
