"""What estimators say of rows, in one form: scores that become probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.sparse import issparse
from scipy.special import expit, log_softmax, logit, softmax
from sklearn.utils import get_tags

from hybridml.fusion.learning.targets import Targets

Floats = npt.NDArray[np.float64]

_LEAST = 1e-6  # probability that is as good as none


def scores_of(estimator: Any, X: Any, targets: Targets) -> Floats:
    """Collect scores of rows, a column an output.

    Of classes their softmax, of labels their logistic function is a probability;
    numbers are themselves. Classes that the estimator has not seen score lowest.

    Parameters
    ----------
    estimator : fitted classifier or regressor
        A classifier with `predict_proba` or `decision_function`; one that has neither
        counts as sure of what it predicts.
    X : array-like of shape (n_rows, ...)
    targets : Targets
        With which it was fitted; only their meaning is used.

    Returns
    -------
    scores : ndarray of shape (n_rows, n_outputs), float64
    """
    X = as_taken_by(estimator, X)
    if targets.task == "regression":
        numbers = np.asarray(estimator.predict(X), dtype=np.float64)
        return numbers.reshape(len(numbers), -1)
    if targets.task == "multilabel":
        return _label_scores(estimator, X, targets.n_outputs)
    classes = np.asarray(targets.classes)
    seen = _class_scores(estimator, X)
    scores = np.full((len(seen), targets.n_outputs), np.log(_LEAST))
    scores[:, np.searchsorted(classes, estimator.classes_)] = seen
    return scores


def as_taken_by(estimator: Any, X: Any) -> Any:
    """Give features in the form that an estimator takes: dense, or sparse as well."""
    if issparse(X) and hasattr(estimator, "__sklearn_tags__"):
        takes_sparse = get_tags(estimator).input_tags.sparse
        return X if takes_sparse else X.toarray()
    return X


def outputs_from(scores: Floats, targets: Targets, temperature: float = 1.0) -> Floats:
    """Turn scores into probabilities, or leave numbers as they are."""
    if targets.task == "regression":
        return scores
    if targets.task == "multilabel":
        return np.asarray(expit(scores / temperature))
    return np.asarray(softmax(scores / temperature, axis=1))


def fit_temperature(scores: Floats, targets: Targets) -> float:
    """Find what scores have to be divided by to be calibrated.

    Parameters
    ----------
    scores : ndarray of shape (n_rows, n_outputs)
        Of rows that the estimator was not fitted on.
    targets : Targets
        Of these rows.

    References
    ----------
    C. Guo et al., "On calibration of modern neural networks", ICML 2017, section 4.2.
    """
    if targets.task == "regression":
        return 1.0
    found = minimize_scalar(
        lambda log_t: row_losses(scores / np.exp(log_t), targets).mean(),
        bounds=(-5.0, 5.0),
        method="bounded",
    )
    return float(np.exp(found.x))


def row_losses(scores: Floats, targets: Targets) -> Floats:
    """Compute the loss of each row: cross-entropy, or the squared error.

    Returns
    -------
    losses : ndarray of shape (n_rows,)
        Of several labels or numbers the mean.
    """
    if targets.task == "regression":
        return np.asarray(np.square(scores - targets.values).mean(axis=1))
    if targets.task == "multilabel":
        signed = np.where(targets.values > 0, scores, -scores)
        return np.asarray(np.logaddexp(0, -signed).mean(axis=1))
    rows = np.arange(len(scores))
    return np.asarray(-log_softmax(scores, axis=1)[rows, targets.values])


def scores_from(outputs: Floats, targets: Targets) -> Floats:
    """Turn outputs back into scores: logarithms of probabilities, or log odds."""
    if targets.task == "regression":
        return outputs
    clipped = np.clip(outputs, _LEAST, 1 - _LEAST)
    if targets.task == "multilabel":
        return np.asarray(logit(clipped))
    return np.asarray(np.log(clipped))


def _class_scores(estimator: Any, X: Any) -> Floats:
    if hasattr(estimator, "predict_proba"):
        return np.asarray(np.log(np.clip(estimator.predict_proba(X), _LEAST, None)))
    if not hasattr(estimator, "decision_function"):
        is_said = np.asarray(estimator.predict(X))[:, None] == estimator.classes_
        return np.asarray(np.where(is_said, 0.0, np.log(_LEAST)))
    scores = np.asarray(estimator.decision_function(X), dtype=np.float64)
    return np.column_stack([-scores, scores]) / 2 if scores.ndim == 1 else scores


def _label_scores(estimator: Any, X: Any, n_labels: int) -> Floats:
    if hasattr(estimator, "predict_proba"):
        given = estimator.predict_proba(X)
        if isinstance(given, list):  # of scikit-learn's forests: a table a label
            given = np.column_stack([_of_one(table) for table in given])
        return np.asarray(logit(np.clip(given, _LEAST, 1 - _LEAST)))
    if hasattr(estimator, "decision_function"):
        return np.asarray(estimator.decision_function(X), dtype=np.float64)
    said = np.asarray(estimator.predict(X)).reshape(-1, n_labels)
    return np.asarray(np.where(said > 0, -np.log(_LEAST), np.log(_LEAST)))


def _of_one(table: Any) -> Floats:
    """Probability of a 1; where a forest saw one value only it has one column."""
    table = np.asarray(table, dtype=np.float64)
    return table[:, 1] if table.shape[1] == 2 else np.zeros(len(table))
