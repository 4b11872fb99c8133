"""PARC: whether images with like features have like targets."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr

from hybridml.comparing.tasks import Task
from hybridml.transfer.scores.checking import (
    Floats,
    check_features,
    check_task,
    target_columns,
)


def parc(features: Any, targets: Any, *, task: str = "auto") -> float:
    """Rank correlation of the distances of features with the distances of targets.

    Over all pairs of images. Features are standardised, and their distance is one less
    the Pearson correlation. So is that of classes and labels, as rows of 0 and 1.
    Numbers have one value or few, of which there is no correlation: their distance is
    the Euclidean one of the standardised numbers.

    Parameters
    ----------
    features : array-like of shape (n_images, n_features), float
        At least two features; a single one has no correlation.
    targets : array-like of shape (n_images,) or (n_images, n_targets)
        Classes, a table of several labels, or one or more numbers an image.
    task : {"auto", "classification", "multilabel", "regression"}, default="auto"
        What the targets are, as `find_task` tells it.

    Returns
    -------
    score : float
        From -1 to 1: higher is better. (The paper writes it in percent.)

    Raises
    ------
    DataError
        If features and targets do not suit the task or each other.
    InvalidParameterError
        If there is no such task.

    Notes
    -----
    Takes memory for all the pairs: 2 million of them for 2,000 images. An image whose
    values are all the same counts as uncorrelated with all others; where all distances
    are the same, the score is 0.

    References
    ----------
    D. Bolya, R. Mittapalli, J. Hoffman, "Scalable Diverse Model Selection for
    Accessible Transfer Learning", NeurIPS 2021, section 4 (classes and labels; the
    distance of numbers is ours).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat(["cat", "dog"], 20)
    >>> noise = rng.normal(size=(40, 5))
    >>> telling = noise + np.where(labels == "cat", 3, -3)[:, None] * [1, 0, 0, 1, 1]
    >>> parc(telling, labels) > parc(noise, labels)
    True
    """
    values = check_features(features)
    found, checked = check_task(targets, task, len(values))
    of_features = _correlation_distances(_standardised(values))
    of_targets = _target_distances(target_columns(checked, found), found)
    if np.ptp(of_features) == 0 or np.ptp(of_targets) == 0:
        return 0.0
    return float(spearmanr(of_features, of_targets).statistic)


def _target_distances(columns: Floats, task: Task) -> Floats:
    if task == "regression":
        return np.asarray(pdist(_standardised(columns)))
    return _correlation_distances(columns)


def _standardised(values: Floats) -> Floats:
    centred = values - values.mean(axis=0)
    deviation = values.std(axis=0)
    varies = deviation > 1e-12 * np.abs(values).max(axis=0)
    return np.where(varies, centred, 0.0) / np.where(varies, deviation, 1.0)


def _correlation_distances(rows: Floats) -> Floats:
    """One less the Pearson correlation of each pair of rows, pair by pair."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    unit = centred / np.where(lengths > 1e-12, lengths, np.inf)
    correlations = unit @ unit.T
    pairs = np.triu_indices(len(rows), 1)
    # Equal distances have to be equal, or their ranks are rounding errors.
    return np.asarray(1 - correlations[pairs].round(12))
