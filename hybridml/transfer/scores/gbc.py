"""GBC: how much the classes overlap, each taken for a Gaussian."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.decomposition import PCA

from hybridml._checks import describe, is_count, list_names
from hybridml.exceptions import InvalidParameterError
from hybridml.transfer.scores.checking import (
    Floats,
    check_classes,
    check_features,
)

_COVARIANCES = ("spherical", "diagonal")
_LEAST_VARIANCE = 1e-4  # of the features' mean variance: one image has none by itself


def gbc(
    features: Any,
    labels: Any,
    *,
    covariance: str = "spherical",
    n_components: int | None = 64,
) -> float:
    """Minus the sum of the Bhattacharyya coefficients of all pairs of classes.

    Parameters
    ----------
    features : array-like of shape (n_images, n_features), float
    labels : array-like of shape (n_images,)
    covariance : {"spherical", "diagonal"}, default="spherical"
        Whether a class has one variance, or one for each feature.
    n_components : int or None, default=64
        Principal components to which more features than these are brought first; None
        for the features as they are.

    Returns
    -------
    score : float
        Higher is better: from ``-n_classes * (n_classes - 1)``, where classes coincide,
        to 0, where none overlap.

    Raises
    ------
    DataError
        If features and labels cannot be used, or do not fit together.
    InvalidParameterError
        If there is no such covariance, or `n_components` is no positive number.

    Notes
    -----
    Variances of a class are not let below 1e-4 of the mean variance of the features,
    which is what a class of one image gets.

    References
    ----------
    M. Pándy, A. Agostinelli, J. Uijlings, V. Ferrari, T. Mensink, "Transferability
    Estimation Using Bhattacharyya Class Separability", CVPR 2022, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.repeat(["cat", "dog"], 2)
    >>> gbc(np.array([[-1.0], [1.0], [-1.0], [1.0]]), labels)
    -2.0
    >>> gbc(np.array([[-1.0], [1.0], [99.0], [101.0]]), labels) > -1e-9
    True
    """
    _check_options(covariance, n_components)
    values = check_features(features)
    codes = check_classes(labels, len(values))
    if n_components is not None and values.shape[1] > n_components:
        n_kept = min(n_components, len(values))
        values = PCA(n_kept, svd_solver="full").fit_transform(values)
    n_classes = int(codes.max()) + 1
    parts = [values[codes == code] for code in range(n_classes)]
    means = np.stack([part.mean(axis=0) for part in parts])
    variances = np.stack([part.var(axis=0) for part in parts])
    if covariance == "spherical":
        variances[:] = variances.mean(axis=1, keepdims=True)
    least = values.var(axis=0).mean() * _LEAST_VARIANCE
    return _minus_overlap(means, np.maximum(variances, least or 1.0))


def _minus_overlap(means: Floats, variances: Floats) -> float:
    """Sum over the pairs of classes, each counted from both sides."""
    total = 0.0
    for mean, variance in zip(means, variances, strict=True):
        middle = (variances + variance) / 2
        distance = ((means - mean) ** 2 / middle).sum(axis=1) / 8
        logs = np.log(middle) - (np.log(variances) + np.log(variance)) / 2
        total += float(np.exp(-distance - logs.sum(axis=1) / 2).sum())
    return len(means) - total  # each class overlaps with itself by 1


def _check_options(covariance: str, n_components: int | None) -> None:
    if covariance not in _COVARIANCES:
        message = describe("covariance", covariance, list_names(_COVARIANCES))
        raise InvalidParameterError(message)
    if n_components is not None and not is_count(n_components):
        expected = "None or a positive whole number"
        raise InvalidParameterError(describe("n_components", n_components, expected))
