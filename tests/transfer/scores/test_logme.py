"""LogME is the largest evidence, found by brute force from its definition."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal
from sklearn.datasets import load_iris

from hybridml.exceptions import DataError, InvalidParameterError
from hybridml.transfer import logme
from tests.transfer.scores.conftest import SHAPES, Floats, make_features


def _slow_evidence(features: Floats, target: Floats) -> float:
    """Maximise the density of the target under normal weights and normal noise."""
    n_images = len(target)
    products = features @ features.T
    unit = np.trace(products) / min(features.shape)

    def cost(logs: Floats) -> float:
        weights, ratio = 10.0 ** logs[0] / unit, 10.0 ** logs[1] * unit
        covariance = weights * (products + ratio * np.eye(n_images))
        model = multivariate_normal(np.zeros(n_images), covariance, allow_singular=True)
        return -float(model.logpdf(target)) / n_images

    bounds = [(-8, 8), (-6, 10)]
    found = [
        minimize(cost, start, method="Nelder-Mead", bounds=bounds, options=_EXACT)
        for start in product([-2, 0, 2], [-4, -1, 1, 4])
    ]
    return -min(float(one.fun) for one in found)


_EXACT = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000, "maxfev": 4000}


@pytest.mark.parametrize("shape", SHAPES)
def test_evidence_of_numbers_is_the_largest(shape: tuple[int, int]) -> None:
    features, _ = make_features(*shape)
    rng = np.random.default_rng(1)
    weights = rng.normal(size=shape[1])
    target = features @ weights + 0.8 * np.sqrt(shape[1]) * rng.normal(size=shape[0])
    expected = _slow_evidence(features, target)
    assert logme(features, target) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    "shape", [(30, 4), pytest.param((40, 12), marks=pytest.mark.slow)]
)
def test_score_of_classes_is_the_mean_over_their_columns(
    shape: tuple[int, int],
) -> None:
    features, labels = make_features(*shape, gap=0.5)
    columns = [(labels == name).astype(float) for name in np.unique(labels)]
    expected = np.mean([_slow_evidence(features, column) for column in columns])
    assert logme(features, labels) == pytest.approx(expected, abs=1e-6)


def test_several_numbers_and_labels_are_averaged() -> None:
    features, _ = make_features(30, 4)
    rng = np.random.default_rng(0)
    numbers, table = rng.normal(size=(30, 2)), rng.integers(0, 2, (30, 3))
    each = [logme(features, column, task="regression") for column in numbers.T]
    assert logme(features, numbers) == pytest.approx(np.mean(each))
    each = [logme(features, column, task="regression") for column in table.T]
    assert logme(features, table) == pytest.approx(np.mean(each))


def test_agrees_with_the_code_of_the_authors() -> None:
    # What the fixed-point form of github.com/thuml/LogME gives for the iris data.
    features, labels = load_iris(return_X_y=True)
    assert logme(features, labels) == pytest.approx(-0.160060244, abs=1e-6)
    lengths, width = features[:, :3], features[:, 3]
    assert logme(lengths, width, task="regression") == pytest.approx(
        0.159826551, abs=1e-6
    )


def test_scale_of_the_features_does_not_matter() -> None:
    features, labels = make_features(30, 4)
    score = logme(features, labels)
    assert logme(features * 1e6, labels) == pytest.approx(score)
    assert logme(features * 1e-6, labels) == pytest.approx(score)


def test_features_that_fit_exactly_have_a_finite_score() -> None:
    labels = np.repeat(["ant", "bee", "cat"], 10)
    exact = (labels[:, None] == np.unique(labels)).astype(float)
    noisy = exact + 0.01 * np.random.default_rng(0).normal(size=exact.shape)
    assert np.isfinite(logme(exact, labels))
    assert logme(exact, labels) > logme(noisy, labels)


def test_features_of_zeros_leave_noise_alone() -> None:
    target = np.array([1.5, -1.5, 1.5, -1.5])
    expected = -(np.log(2 * np.pi * 1.5**2) + 1) / 2
    assert logme(np.zeros((4, 3)), target) == pytest.approx(expected)


def test_a_label_that_no_image_has_does_not_count() -> None:
    features, _ = make_features(30, 4)
    table = np.random.default_rng(0).integers(0, 2, (30, 2))
    wider = np.column_stack([table, np.zeros(30, int)])
    assert logme(features, wider) == pytest.approx(logme(features, table))


def test_targets_that_are_all_the_same_are_refused() -> None:
    with pytest.raises(DataError, match="same targets"):
        logme(np.eye(3), [1.5, 1.5, 1.5])


def test_unknown_task_is_refused() -> None:
    with pytest.raises(InvalidParameterError, match="Got task='ranking'"):
        logme(np.eye(3), [0, 1, 1], task="ranking")
