"""Whether images of one kind lie together in a layer's features."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import accuracy_score, f1_score, r2_score
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.preprocessing import StandardScaler

from hybridml.comparing.tasks import Task

_N_NEIGHBOURS = 5


def neighbour_score(
    features: npt.NDArray[np.float32], targets: npt.NDArray[Any], task: Task
) -> float:
    """Predict each image from its five nearest others, and score the predictions.

    Nothing is learned but the scale of each feature: what counts is the geometry of
    the layer.

    Parameters
    ----------
    features : ndarray of shape (n_images, n_features), float32
    targets : ndarray of shape (n_images,) or (n_images, n_targets)
        As `check_targets` returns them.
    task : {"classification", "multilabel", "regression"}

    Returns
    -------
    score : float
        Accuracy, macro-averaged F1, or R2, each image left out of its own neighbours.

    Examples
    --------
    >>> features = np.array([[0], [1], [2], [50], [51], [52]], dtype=np.float32)
    >>> neighbour_score(features, np.array(list("aaabbb")), "classification")
    0.0
    >>> neighbour_score(np.repeat(features, 4, axis=0), np.repeat(list("ab"), 12),
    ...                 "classification")
    1.0
    """
    scaled = StandardScaler().fit_transform(features)
    n_neighbours = max(1, min(_N_NEIGHBOURS, len(features) - 1))
    kind = KNeighborsRegressor if task == "regression" else KNeighborsClassifier
    # Without X, scikit-learn predicts the training rows and does not ask themselves.
    predicted = kind(n_neighbours).fit(scaled, targets).predict(None)
    if task == "classification":
        return float(accuracy_score(targets, predicted))
    if task == "regression":
        return float(r2_score(targets, predicted))
    return float(f1_score(targets, predicted, average="macro", zero_division=0.0))
