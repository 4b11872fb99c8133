"""Nearest neighbours: whether an image's likest others tell its target."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import accuracy_score, f1_score, r2_score
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from hybridml._checks import describe, is_count
from hybridml.comparing.tasks import Task
from hybridml.exceptions import InvalidParameterError
from hybridml.transfer.scores.checking import check_features, check_task


def knn_score(
    features: Any, targets: Any, *, task: str = "auto", n_neighbors: int = 5
) -> float:
    """Leave-one-out score of the nearest neighbours by cosine.

    Parameters
    ----------
    features : array-like of shape (n_images, n_features), float
    targets : array-like of shape (n_images,) or (n_images, n_targets)
        Classes, a table of several labels, or one or more numbers an image.
    task : {"auto", "classification", "multilabel", "regression"}, default="auto"
        What the targets are, as `find_task` tells it.
    n_neighbors : int, default=5
        How many others vote, all alike; all others where there are fewer.

    Returns
    -------
    score : float
        Accuracy, macro F1 or R2, by the task: higher is better.

    Raises
    ------
    DataError
        If features and targets do not suit the task or each other.
    InvalidParameterError
        If there is no such task, or `n_neighbors` is no positive whole number.

    References
    ----------
    Z. Wu, Y. Xiong, S. X. Yu, D. Lin, "Unsupervised Feature Learning via Non-Parametric
    Instance Discrimination", CVPR 2018, section 3.4 (neighbours by cosine as a measure
    of features). J. Puigcerver et al., "Scalable Transfer Learning with Expert Models",
    ICLR 2021, section 4.2 (as one of transferability).

    Examples
    --------
    >>> knn_score([[1, 0], [1, 0.1], [0, 1], [0.1, 1]], list("aabb"), n_neighbors=1)
    1.0
    """
    if not is_count(n_neighbors):
        expected = "a positive whole number"
        raise InvalidParameterError(describe("n_neighbors", n_neighbors, expected))
    values = check_features(features)
    found, checked = check_task(targets, task, len(values))
    kind = KNeighborsRegressor if found == "regression" else KNeighborsClassifier
    n_voters = min(int(n_neighbors), len(values) - 1)
    neighbors = kind(n_voters, metric="cosine", algorithm="brute")
    predicted = neighbors.fit(values, checked).predict(None)  # each without itself
    return _score(found, checked, predicted)


def _score(task: Task, targets: npt.NDArray[Any], predicted: npt.NDArray[Any]) -> float:
    if task == "classification":
        return float(accuracy_score(targets, predicted))
    if task == "multilabel":
        occurs = np.flatnonzero(targets.any(axis=0))
        return float(
            f1_score(
                targets, predicted, average="macro", labels=occurs, zero_division=0
            )
        )
    return float(r2_score(targets, predicted))
