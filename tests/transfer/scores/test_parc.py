"""PARC is the rank correlation of explicit lists of distances."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import pearsonr, rankdata
from sklearn.datasets import load_iris

from hybridml.transfer import parc
from tests.transfer.scores.conftest import SHAPES, Floats, make_features


def _slow(features: Floats, distance: Callable[[int, int], float]) -> float:
    standard = (features - features.mean(axis=0)) / features.std(axis=0)
    of_features, of_targets = [], []
    for i in range(len(features)):
        for j in range(i):
            of_features.append(1 - pearsonr(standard[i], standard[j])[0])
            of_targets.append(distance(i, j))
    ranks = [rankdata(np.round(d, 10)) for d in (of_features, of_targets)]
    return float(np.corrcoef(*ranks)[0, 1])


@pytest.mark.parametrize("shape", SHAPES)
def test_score_of_classes_is_that_of_the_paper(shape: tuple[int, int]) -> None:
    features, labels = make_features(*shape, gap=0.5)
    one_hot = (labels[:, None] == np.unique(labels)).astype(float)
    expected = _slow(features, lambda i, j: 1 - pearsonr(one_hot[i], one_hot[j])[0])
    assert parc(features, labels) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_score_of_numbers_ranks_their_differences(shape: tuple[int, int]) -> None:
    features, _ = make_features(*shape)
    numbers = features[:, 0] + np.random.default_rng(0).normal(size=shape[0])
    expected = _slow(features, lambda i, j: abs(numbers[i] - numbers[j]))
    assert parc(features, numbers) == pytest.approx(expected, abs=1e-6)


def test_score_of_labels_is_that_of_the_paper() -> None:
    features, _ = make_features(20, 5)
    table = np.random.default_rng(0).integers(0, 2, (20, 4))
    table[:, 0], table[:, 1] = 1, 0  # no row is all alike
    expected = _slow(features, lambda i, j: 1 - pearsonr(table[i], table[j])[0])
    # Labels that all images have, or none, do not tell images apart.
    assert parc(features, table) != pytest.approx(expected)
    varied = np.random.default_rng(1).integers(0, 2, (20, 5))
    varied[:, 0] = 1 - varied[:, 1]
    expected = _slow(features, lambda i, j: 1 - pearsonr(varied[i], varied[j])[0])
    assert parc(features, varied) == pytest.approx(expected, abs=1e-6)


def test_value_on_iris_is_that_of_the_authors_formula_with_equal_ranks() -> None:
    # The authors' code gives 61.217: there, distances of images of one class are 0 or
    # 2e-16, and the ranks of these rounding errors count. Rounded to 12 digits: 58.680.
    assert 100 * parc(*load_iris(return_X_y=True)) == pytest.approx(58.679784, abs=1e-5)


def test_one_feature_has_no_correlation() -> None:
    assert parc([[1.0], [2.0], [4.0]], list("aab")) == 0


def test_image_without_labels_is_taken() -> None:
    features, _ = make_features(12, 5)
    table = np.random.default_rng(0).integers(0, 2, (12, 3))
    table[0] = 0
    assert np.isfinite(parc(features, table))
