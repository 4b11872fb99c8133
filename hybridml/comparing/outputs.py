"""What a fitted estimator said of a fold's test part, kept so that it can be scored."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.metaestimators import available_if

from hybridml.comparing.data import Inputs
from hybridml.comparing.tasks import Task

Positions = npt.NDArray[np.intp]

_OTHER_METHODS = ("predict_proba", "decision_function")


@dataclass(frozen=True)
class Outputs:
    """What the estimator's methods gave, row by row; None for those it has not."""

    predict: npt.NDArray[Any]
    predict_proba: npt.NDArray[Any] | None = None
    decision_function: npt.NDArray[Any] | None = None
    classes: npt.NDArray[Any] | None = None

    def confidence(self) -> npt.NDArray[np.float64] | None:
        """How sure it was of each row, between 0 and 1; None without probabilities.

        With several labels a row, of the least sure one.
        """
        proba = self.predict_proba
        if proba is None:
            return None
        if self.predict.ndim == 2:
            return np.asarray(np.maximum(proba, 1 - proba).min(axis=1), np.float64)
        return np.asarray(proba.max(axis=1), dtype=np.float64)


def outputs_of(estimator: Any, inputs: Inputs) -> tuple[Outputs, float]:
    """Collect all that an estimator says of some rows.

    Parameters
    ----------
    estimator : fitted classifier or regressor
    inputs : ndarray of shape (n_rows, ...) or DataFrame

    Returns
    -------
    outputs : Outputs
    seconds : float
        What `predict` alone took.
    """
    started = time.perf_counter()
    predicted = np.asarray(estimator.predict(inputs))
    seconds = time.perf_counter() - started
    others = {
        name: np.asarray(getattr(estimator, name)(inputs))
        for name in _OTHER_METHODS
        if hasattr(estimator, name)
    }
    classes = getattr(estimator, "classes_", None)
    is_plain = isinstance(classes, np.ndarray)  # several labels may have a list of them
    return Outputs(predicted, **others, classes=classes if is_plain else None), seconds


def can_score_outputs(scorer: Any) -> bool:
    """Whether a scorer judges nothing but what an estimator's methods give."""
    return hasattr(scorer, "_response_method")


def score_outputs(
    scorer: Any,
    outputs: Outputs,
    targets: npt.NDArray[Any],
    task: Task,
    positions: Positions | None = None,
) -> float:
    """Score what was said of some rows.

    Parameters
    ----------
    scorer : callable
        One for which `can_score_outputs` holds.
    outputs : Outputs
    targets : ndarray of shape (n_rows,) or (n_rows, n_labels)
    task : {"classification", "multilabel", "regression"}
    positions : ndarray of int or None, default=None
        Which rows, some of them perhaps several times; None for all.
    """
    if positions is None:
        positions = np.arange(len(targets))
    kind = _RegressorReplay if task == "regression" else _ClassifierReplay
    return float(scorer(kind(outputs), positions, targets[positions]))


def _has_said(method: str) -> Callable[[_Replay], bool]:
    return lambda replay: getattr(replay.outputs, method) is not None


class _Replay(BaseEstimator):
    """Says again what was said: its inputs are positions."""

    def __init__(self, outputs: Outputs) -> None:
        self.outputs = outputs
        self.classes_: Any = outputs.classes
        if outputs.classes is None and outputs.predict.ndim == 2:
            self.classes_ = [np.array([0, 1])] * outputs.predict.shape[1]

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict(self, positions: Positions) -> npt.NDArray[Any]:
        return self.outputs.predict[positions]

    @available_if(_has_said("predict_proba"))
    def predict_proba(self, positions: Positions) -> npt.NDArray[Any]:
        return np.asarray(self.outputs.predict_proba)[positions]

    @available_if(_has_said("decision_function"))
    def decision_function(self, positions: Positions) -> npt.NDArray[Any]:
        return np.asarray(self.outputs.decision_function)[positions]


class _ClassifierReplay(ClassifierMixin, _Replay):
    pass


class _RegressorReplay(RegressorMixin, _Replay):
    pass
