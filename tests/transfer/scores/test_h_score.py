"""The shrunk H-score is the trace of its definition, with explicit inverses."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.covariance import LedoitWolf
from sklearn.datasets import load_iris

from hybridml.transfer import h_score
from tests.transfer.scores.conftest import SHAPES, Floats, Labels, make_features


def _slow(features: Floats, labels: Labels) -> float:
    estimate = LedoitWolf().fit(features)
    mean = features.mean(axis=0)
    between = np.zeros((features.shape[1],) * 2)
    for label in labels:
        away = features[labels == label].mean(axis=0) - mean
        between += np.outer(away, away) / len(labels)
    inverse = np.linalg.inv(estimate.covariance_)
    return float((1 - estimate.shrinkage_) * np.trace(inverse @ between))


@pytest.mark.parametrize("shape", [*SHAPES, (200, 3)])
def test_score_is_the_trace_of_the_definition(shape: tuple[int, int]) -> None:
    features, labels = make_features(*shape)
    expected = _slow(features, labels)
    assert h_score(features, labels) == pytest.approx(expected, abs=1e-6)


def test_agrees_with_the_published_formula_on_iris() -> None:
    # tr(pinv(LedoitWolf().covariance_) (1 - shrinkage) np.cov(means)), as published
    # code has it; np.cov divides by 149, the score by the 150 images.
    score = h_score(*load_iris(return_X_y=True))
    assert score == pytest.approx(1.177842499 * 149 / 150, abs=1e-6)


def test_score_is_less_than_the_number_of_classes() -> None:
    features, labels = make_features(300, 5, gap=1000.0)
    assert 1.9 < h_score(features, labels) < 2


def test_features_that_do_not_vary_score_nothing() -> None:
    assert h_score(np.ones((4, 3)), list("aabb")) == 0


def test_scale_of_the_features_does_not_matter() -> None:
    features, labels = make_features(30, 4)
    score = h_score(features, labels)
    assert h_score(features * 1e9, labels) == pytest.approx(score)
    assert h_score(features * 1e-9, labels) == pytest.approx(score)
