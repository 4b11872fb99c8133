"""Support vector machines with a kernel."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import issparse

from hybridml.exceptions import ModelError
from hybridml.exporting.graph import Value, concatenate
from hybridml.exporting.said import Said
from hybridml.fusion.learning.unit_rbf import unit_rbf

Floats = npt.NDArray[np.float64]


def say_svc(estimator: Any, features: Value) -> Said:
    """Classify as `SVC`: of several classes by the votes of all pairs of them."""
    classes = estimator.classes_
    if getattr(estimator, "probability", False) is True:
        raise ModelError(
            "SVC(probability=True) cannot be exported: its probabilities do not go "
            "with its classes. Calibrate it instead: make_head(..., calibrate=True)."
        )
    kernel = _kernel(estimator, features)
    if len(classes) == 2:
        return Said(
            classes,
            scores=_linear(kernel, _dense(estimator.dual_coef_), estimator.intercept_),
        )
    weights = _weights_of_pairs(estimator)
    margins = _linear(kernel, weights, estimator.intercept_)
    votes, sums = _count_votes(margins, len(classes))
    chosen = votes.op("ArgMax", axis=1, keepdims=0)
    shown = margins
    if estimator.decision_function_shape == "ovr":
        shown = votes + sums / ((sums.op("Abs") + 1.0) * 3.0)
    if estimator.break_ties:
        chosen = shown.op("ArgMax", axis=1, keepdims=0)
    return Said(classes, scores=shown, chosen=chosen)


def say_svr(estimator: Any, features: Value) -> Said:
    """Predict a number as `SVR`."""
    kernel = _kernel(estimator, features)
    weights = _dense(estimator.dual_coef_)
    return Said(numbers=_linear(kernel, weights, estimator.intercept_))


def _linear(kernel: Value, weights: Floats, intercept: Any) -> Value:
    offset = np.asarray(intercept, dtype=np.float64).reshape(1, -1)
    return kernel @ np.ascontiguousarray(weights.T) + offset


def _kernel(estimator: Any, features: Value) -> Value:
    """Compute the kernel between rows and support vectors."""
    if estimator.kernel is unit_rbf:
        # Of a kernel that is a function scikit-learn keeps all the rows of fit.
        rows = _dense(estimator._BaseLibSVM__Xfit)[estimator.support_]
        return _radial(features, rows, 1.0)
    vectors = _dense(estimator.support_vectors_)
    if estimator.kernel == "rbf":
        return _radial(features, vectors, float(estimator._gamma))
    if estimator.kernel == "linear":
        return features @ np.ascontiguousarray(vectors.T)
    raise ModelError(
        f"{type(estimator).__name__}(kernel={estimator.kernel!r}) cannot be exported; "
        "expected kernel='rbf' or 'linear'."
    )


def _radial(features: Value, vectors: Floats, gamma: float) -> Value:
    of_vectors: Floats = np.square(vectors).sum(axis=1)[None, :]
    lengths = (features * features).sum(1) + of_vectors
    distances = lengths - features @ np.ascontiguousarray(2 * vectors.T)
    return (distances.op("Max", 0.0) * -gamma).op("Exp")


def _weights_of_pairs(estimator: Any) -> Floats:
    """Spread libsvm's coefficients: a row for each pair of classes.

    libsvm keeps, for each support vector, its coefficients against the other classes.
    """
    dual = _dense(estimator.dual_coef_)
    ends = np.concatenate([[0], np.cumsum(estimator.n_support_)])
    n_classes = len(estimator.classes_)
    pairs = list(combinations(range(n_classes), 2))
    weights = np.zeros((len(pairs), dual.shape[1]))
    for row, (first, second) in enumerate(pairs):
        own, other = (slice(ends[c], ends[c + 1]) for c in (first, second))
        weights[row, own] = dual[second - 1, own]
        weights[row, other] = dual[first, other]
    return weights


def _count_votes(margins: Value, n_classes: int) -> tuple[Value, Value]:
    """Count the pairs that each class wins, and sum up by how much."""
    pairs = list(combinations(range(n_classes), 2))
    first, second = (np.zeros((len(pairs), n_classes)) for _ in range(2))
    for row, (one, other) in enumerate(pairs):
        first[row, one] = second[row, other] = 1.0
    is_lost = (margins < 0.0).cast(np.float64)
    votes = concatenate([-is_lost + 1.0, is_lost]) @ np.concatenate([first, second])
    return votes, margins @ (first - second)


def _dense(values: Any) -> Floats:
    return np.asarray(values.toarray() if issparse(values) else values, np.float64)
