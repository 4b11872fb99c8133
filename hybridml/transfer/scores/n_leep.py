"""N-LEEP: LEEP with the clusters of the features in place of the source's classes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from hybridml._checks import describe, is_count
from hybridml.exceptions import InvalidParameterError
from hybridml.transfer.scores.checking import (
    Floats,
    check_classes,
    check_features,
)
from hybridml.transfer.scores.leep import expected_log_probability

_ENERGY = 0.8  # share of the variance that the principal components keep
_PER_CLASS = 5
_IMAGES_PER_COMPONENT = 2


def n_leep(features: Any, labels: Any, *, random_state: int = 0) -> float:
    """LEEP of the probabilities that a mixture of Gaussians gives its components.

    Needs no head of the pretrained network: principal components with 80 % of the
    variance go into a mixture of five Gaussians a class (fewer where there are not two
    images for each).

    Parameters
    ----------
    features : array-like of shape (n_images, n_features), float
    labels : array-like of shape (n_images,)
    random_state : int, default=0
        Seed of where the mixture starts.

    Returns
    -------
    score : float
        In nats, at most 0: higher is better.

    Raises
    ------
    DataError
        If features and labels cannot be used, or do not fit together.
    InvalidParameterError
        If `random_state` is no whole number.

    References
    ----------
    Y. Li et al., "Ranking Neural Checkpoints", CVPR 2021, section 3.2 (the measure) and
    section 4 (80 % of the energy, five Gaussians a class).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat(["cat", "dog"], 20)
    >>> noise = rng.normal(size=(40, 3))
    >>> telling = noise + 9 * (labels == "cat")[:, None]
    >>> n_leep(telling, labels) > n_leep(noise, labels)
    True
    """
    if not is_count(random_state, minimum=0):
        expected = "a whole number >= 0"
        raise InvalidParameterError(describe("random_state", random_state, expected))
    values = check_features(features)
    codes = check_classes(labels, len(values))
    n_classes = int(codes.max()) + 1
    probabilities = _responsibilities(values, n_classes, int(random_state))
    return expected_log_probability(probabilities, codes)


def _responsibilities(values: Floats, n_classes: int, random_state: int) -> Floats:
    if (values == values[0]).all():
        return np.ones((len(values), 1))
    scaled = (values - values.mean(axis=0)) / values.std()
    reduced = PCA(_ENERGY, svd_solver="full").fit_transform(scaled)
    n_distinct = len(np.unique(reduced, axis=0))
    most = max(1, min(len(values) // _IMAGES_PER_COMPONENT, n_distinct))
    mixture = GaussianMixture(
        min(_PER_CLASS * n_classes, most), random_state=random_state
    )
    with warnings.catch_warnings():
        # What a mixture is after its last iteration ranks features well enough.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return np.asarray(mixture.fit(reduced).predict_proba(reduced))
