"""N-LEEP is LEEP of a mixture's explicit densities on explicit components."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture

from hybridml.exceptions import InvalidParameterError
from hybridml.transfer import leep, n_leep
from tests.transfer.scores.conftest import Floats, Labels, make_features


def _slow(features: Floats, labels: Labels) -> float:
    centred = (features - features.mean(axis=0)) / features.std()
    power, axes = np.linalg.eigh(np.cov(centred, rowvar=False))
    power, axes = power[::-1], axes[:, ::-1]
    n_kept = int(np.flatnonzero(np.cumsum(power) / power.sum() > 0.8)[0]) + 1
    reduced = centred @ axes[:, :n_kept]
    n_components = 5 * len(np.unique(labels))
    mixture = GaussianMixture(n_components, random_state=0).fit(reduced)
    densities = [
        weight * multivariate_normal(mean, covariance).pdf(reduced)
        for weight, mean, covariance in zip(
            mixture.weights_, mixture.means_, mixture.covariances_, strict=True
        )
    ]
    probabilities = np.stack(densities, axis=1)
    return leep(probabilities / probabilities.sum(axis=1, keepdims=True), labels)


def test_score_is_leep_of_the_responsibilities() -> None:
    features, labels = make_features(150, 6, gap=0.7)
    assert n_leep(features, labels) == pytest.approx(_slow(features, labels), abs=1e-6)


def test_same_seed_gives_the_same_score() -> None:
    features, labels = make_features(60, 6, gap=0.7)
    first = n_leep(features, labels, random_state=3)
    assert n_leep(features, labels, random_state=3) == first


def test_features_that_do_not_vary_leave_the_entropy_of_the_labels() -> None:
    assert n_leep(np.ones((4, 3)), list("aabb")) == pytest.approx(-np.log(2))


def test_seed_has_to_be_a_whole_number() -> None:
    with pytest.raises(InvalidParameterError, match="Got random_state=None"):
        n_leep(np.eye(4), list("aabb"), random_state=None)  # type: ignore[arg-type]
