"""H-score: how far apart the classes' means are, in units of the features' spread."""

from __future__ import annotations

from typing import Any

import numpy as np

from hybridml.transfer.scores.checking import (
    Codes,
    Floats,
    check_classes,
    check_features,
)
from hybridml.transfer.scores.directions import find_directions

_NEGLIGIBLE = 1e-13  # of the largest eigenvalue: rounding errors, no directions


def h_score(features: Any, labels: Any) -> float:
    """Spread of the classes' means relative to that of the features, shrunk.

    The covariance of the features is that of Ledoit and Wolf, so that the score holds
    with fewer images than features, too.

    Parameters
    ----------
    features : array-like of shape (n_images, n_features), float
    labels : array-like of shape (n_images,)

    Returns
    -------
    score : float
        Higher is better: from 0 to the number of classes less one.

    Raises
    ------
    DataError
        If features and labels cannot be used, or do not fit together.

    Notes
    -----
    Both covariances are means over the images; published code divides that of the
    means by one image less.

    References
    ----------
    S. Ibrahim, N. Ponomareva, R. Mazumder, "Newer is not always better: Rethinking
    transferability metrics, their peculiarities, stability and performance", ECML PKDD
    2022, section 4 (the shrunk form). Y. Bao et al., "An Information-Theoretic
    Approach to Transferability in Task Transfer Learning", ICIP 2019, section 3 (the
    score). O. Ledoit, M. Wolf, "A well-conditioned estimator for large-dimensional
    covariance matrices", Journal of Multivariate Analysis 88, 2004, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat(["cat", "dog"], 20)
    >>> noise = rng.normal(size=(40, 5))
    >>> telling = noise + 3 * (labels == "cat")[:, None]
    >>> h_score(telling, labels) > h_score(noise, labels)
    True
    """
    values = check_features(features)
    codes = check_classes(labels, len(values))
    centred = values - values.mean(axis=0)
    deviation = centred.std()
    if deviation == 0:
        return 0.0
    centred /= deviation  # to a mean variance of 1, which does not change the score
    shrinkage = _shrinkage(centred)
    if shrinkage == 1:
        return 0.0
    # tr(covariance^-1 between), with the classes' means m as rows, weighted by size:
    # the sum of m covariance^-1 m, in which the features' own coordinates drop out.
    directions, power = find_directions(centred)
    power /= len(centred)
    kept = power > _NEGLIGIBLE * power.max()
    model = (1 - shrinkage) * power[kept] + shrinkage
    sums = _sums_of_classes(directions[:, kept], codes)
    between = (sums**2 / np.bincount(codes)[:, None]).sum(axis=0) * power[kept]
    return float((1 - shrinkage) * (between / model).sum())


def _sums_of_classes(rows: Floats, codes: Codes) -> Floats:
    sums = np.zeros((int(codes.max()) + 1, rows.shape[1]))
    np.add.at(sums, codes, rows)
    return sums


def _shrinkage(centred: Floats) -> float:
    """Ledoit and Wolf's share of the sphere, for features of mean variance 1."""
    n_images, n_features = centred.shape
    few = centred.T if n_features > n_images else centred
    squares = ((few.T @ few / n_images) ** 2).sum()  # of all entries of the covariance
    spread = (squares - n_features) / n_features
    fourth = ((centred**2).sum(axis=1) ** 2).sum() / n_images
    noise = (fourth - squares) / (n_features * n_images)
    return float(np.clip(noise / spread, 0, 1)) if spread > 0 else 0.0
