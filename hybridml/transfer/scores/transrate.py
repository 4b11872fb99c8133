"""TransRate: how much shorter a code the features have once the classes are known."""

from __future__ import annotations

from typing import Any

import numpy as np

from hybridml.transfer.scores.checking import (
    Floats,
    check_classes,
    check_features,
    check_positive,
)


def transrate(features: Any, labels: Any, *, epsilon: float = 1e-4) -> float:
    """Coding rate of the features less the mean coding rate within the classes.

    Parameters
    ----------
    features : array-like of shape (n_images, n_features), float
    labels : array-like of shape (n_images,)
    epsilon : float, default=1e-4
        Distortion that the code may have.

    Returns
    -------
    score : float
        In nats: higher is better.

    Raises
    ------
    DataError
        If features and labels cannot be used, or do not fit together.
    InvalidParameterError
        If `epsilon` is no positive number.

    Notes
    -----
    The features are centred over all images, not within the classes, as in the paper:
    two classes of the same size that differ in nothing but their means are not told
    apart. Classes count by their size, as a conditional entropy has it; the paper's
    code gives all of them the same weight. Centred features are scaled to a mean
    squared length of 1, so that the distortion means the same for all layers.

    References
    ----------
    L.-K. Huang, J. Huang, Y. Rong, Q. Yang, Y. Wei, "Frustratingly Easy Transferability
    Estimation", ICML 2022, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat(["cat", "dog", "eel"], 20)
    >>> noise = rng.normal(size=(60, 5))
    >>> telling = noise + 9 * (labels[:, None] == ["cat", "dog", "eel", "elk", "emu"])
    >>> transrate(telling, labels) > transrate(noise, labels)
    True
    """
    check_positive("epsilon", epsilon)
    values = check_features(features)
    codes = check_classes(labels, len(values))
    centred = values - values.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=1).mean())
    scaled = centred / length if length else centred
    shares = np.bincount(codes) / len(codes)
    within = [
        share * _coding_rate(scaled[codes == code], epsilon)
        for code, share in enumerate(shares)
    ]
    return float(_coding_rate(scaled, epsilon) - sum(within))


def _coding_rate(values: Floats, epsilon: float) -> float:
    """Half the log volume of the values, in balls of the distortion's size."""
    n_images, n_features = values.shape
    is_wide = n_features > n_images
    products = values @ values.T if is_wide else values.T @ values
    volume = np.eye(len(products)) + products / (n_images * epsilon)
    return float(np.linalg.slogdet(volume)[1] / 2)
