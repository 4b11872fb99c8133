"""GBC is the double loop over pairs of classes, with explicit covariances."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris

from hybridml.exceptions import InvalidParameterError
from hybridml.transfer import gbc
from tests.transfer.scores.conftest import SHAPES, Floats, Labels, make_features


def _slow(features: Floats, labels: Labels, covariance: str) -> float:
    least = 1e-4 * np.mean([column.var() for column in features.T])
    total = 0.0
    for first in np.unique(labels):
        for second in np.unique(labels):
            if first == second:
                continue
            mean_1, sigma_1 = _gaussian(features[labels == first], covariance, least)
            mean_2, sigma_2 = _gaussian(features[labels == second], covariance, least)
            sigma = (sigma_1 + sigma_2) / 2
            away = mean_1 - mean_2
            distance = away @ np.linalg.inv(sigma) @ away / 8
            logs = [np.linalg.slogdet(s)[1] for s in (sigma, sigma_1, sigma_2)]
            distance += (logs[0] - (logs[1] + logs[2]) / 2) / 2
            total += np.exp(-distance)
    return -total


def _gaussian(rows: Floats, covariance: str, least: float) -> tuple[Floats, Floats]:
    variances = np.array([np.mean((c - c.mean()) ** 2) for c in rows.T])
    if covariance == "spherical":
        variances = np.full_like(variances, variances.mean())
    return rows.mean(axis=0), np.diag(np.maximum(variances, least))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("covariance", ["spherical", "diagonal"])
def test_score_is_the_sum_over_pairs(shape: tuple[int, int], covariance: str) -> None:
    features, labels = make_features(*shape, gap=0.2)
    expected = _slow(features, labels, covariance)
    score = gbc(features, labels, covariance=covariance, n_components=None)
    assert score == pytest.approx(expected, abs=1e-6)


def test_agrees_with_the_published_code_for_diagonal_gaussians() -> None:
    # What gbc.py of google-research/stable_transfer gives for the iris data. (For
    # spherical ones it leaves out that the determinant has a factor for each feature.)
    features, labels = load_iris(return_X_y=True)
    score = gbc(features, labels, covariance="diagonal")
    assert score == pytest.approx(-0.230685579, abs=1e-6)


# The two ends that transferability_metrics_test.py of stable_transfer has.
@pytest.mark.parametrize("n_classes", [2, 5])
def test_ends_are_every_pair_and_none(n_classes: int) -> None:
    rows = np.random.default_rng(0).normal(size=(50, 3))
    labels = np.repeat(np.arange(n_classes), 50)
    same = np.tile(rows, (n_classes, 1))
    assert gbc(same, labels) == pytest.approx(-n_classes * (n_classes - 1))
    assert gbc(same + 100 * labels[:, None], labels) == pytest.approx(0, abs=1e-12)


def test_more_features_are_brought_to_principal_components() -> None:
    features, labels = make_features(60, 30, gap=0.2)
    rotated = features @ np.linalg.qr(np.random.default_rng(0).normal(size=(30, 30)))[0]
    score = gbc(features, labels, n_components=5)
    assert gbc(rotated, labels, n_components=5) == pytest.approx(score)
    assert score != pytest.approx(gbc(features, labels))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"covariance": "full"}, "Got covariance='full'; expected 'spherical' or"),
        ({"n_components": 0}, "Got n_components=0; expected None or a positive"),
    ],
)
def test_wrong_option_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        gbc(np.eye(4), list("aabb"), **options)  # type: ignore[arg-type]
