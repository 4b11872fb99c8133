"""Linear classifiers and regressors."""

from __future__ import annotations

from typing import Any

import numpy as np

from hybridml.exporting.graph import Value
from hybridml.exporting.said import Said, both_classes


def say_linear_scores(estimator: Any, features: Value) -> Said:
    """Classify by which side of a hyperplane, as `LinearSVC` and `RidgeClassifier`."""
    return Said(estimator.classes_, scores=_scores(estimator, features))


def say_logistic(estimator: Any, features: Value) -> Said:
    """Classify as `LogisticRegression`: probabilities from a linear function."""
    scores = _scores(estimator, features)
    if len(estimator.classes_) == 2:
        probabilities = both_classes(scores.op("Sigmoid"))
    else:
        probabilities = scores.op("Softmax", axis=1)
    return Said(estimator.classes_, probabilities, scores)


def say_linear_numbers(estimator: Any, features: Value) -> Said:
    """Predict numbers by a linear function, as `Ridge` and `LinearSVR`."""
    return Said(numbers=_scores(estimator, features))


def _scores(estimator: Any, features: Value) -> Value:
    weights = np.atleast_2d(np.asarray(estimator.coef_, dtype=np.float64))
    intercept = np.asarray(estimator.intercept_, dtype=np.float64).reshape(1, -1)
    return features @ np.ascontiguousarray(weights.T) + intercept
