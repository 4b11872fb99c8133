"""What holds for every score of features."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hybridml.exceptions import DataError, HybridMLError
from hybridml.transfer.scores.catalogue import SCORES, get_score
from tests.transfer.scores.conftest import Floats, make_features

OF_FEATURES = [score.name for score in SCORES if score.needs == "features"]
FOR_NUMBERS = ["logme", "knn", "parc", "probe"]
CHEAP = [name for name in OF_FEATURES if name != "probe"]
# Folds, and where a mixture starts, go by the order of the images.
IN_ANY_ORDER = [name for name in CHEAP if name != "n_leep"]


def _score(name: str, values: Any, targets: Any, task: str = "classification") -> float:
    options = {"task": task, "random_state": 0, "n_jobs": None}
    return get_score(name, task).compute(values, targets, options)[name]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", OF_FEATURES)
@pytest.mark.parametrize("shape", [(60, 6), (40, 90)])
def test_separable_classes_score_higher_than_shuffled_ones(
    name: str, shape: tuple[int, int]
) -> None:
    features, labels = make_features(*shape)
    shuffled = np.random.default_rng(0).permutation(labels)
    assert _score(name, features, labels) > _score(name, features, shuffled)


@pytest.mark.parametrize("name", FOR_NUMBERS)
@pytest.mark.parametrize("shape", [(60, 6), (40, 90)])
def test_numbers_in_the_features_score_higher_than_shuffled_ones(
    name: str, shape: tuple[int, int]
) -> None:
    features, labels = make_features(*shape)
    numbers = np.unique(labels, return_inverse=True)[1] + 0.1 * features[:, 0]
    shuffled = np.random.default_rng(0).permutation(numbers)
    right = _score(name, features, numbers, "regression")
    assert right > _score(name, features, shuffled, "regression")


@pytest.mark.parametrize("name", IN_ANY_ORDER)
def test_order_of_images_does_not_matter(name: str) -> None:
    features, labels = make_features(40, 6)
    order = np.random.default_rng(0).permutation(40)
    moved = _score(name, features[order], labels[order])
    assert moved == pytest.approx(_score(name, features, labels), abs=1e-9)


@pytest.mark.parametrize("name", CHEAP)
def test_order_of_features_does_not_matter(name: str) -> None:
    features, labels = make_features(40, 6)
    moved = _score(name, features[:, ::-1], labels)
    assert moved == pytest.approx(_score(name, features, labels), abs=1e-9)


@pytest.mark.parametrize("name", [n for n in CHEAP if n != "knn"])
def test_names_of_classes_do_not_matter(name: str) -> None:
    # (Of classes with as many votes, neighbours take the first by name.)
    features, labels = make_features(40, 6)
    names = np.unique(labels)
    renamed = np.array([7, 3, 5])[np.searchsorted(names, labels)]
    again = _score(name, features, renamed)
    assert again == pytest.approx(_score(name, features, labels), abs=1e-9)


@pytest.mark.parametrize("name", OF_FEATURES)
def test_single_precision_is_scored_like_double(name: str) -> None:
    features, labels = make_features(40, 6)
    single = features.astype(np.float32)
    again = _score(name, single, labels)
    assert again == pytest.approx(_score(name, single.astype(float), labels))


@pytest.mark.parametrize("name", OF_FEATURES)
@pytest.mark.parametrize(
    "features",
    [
        np.ones((12, 3)),
        np.zeros((12, 3)),
        np.ones((12, 1)),
        np.eye(12),
        np.repeat(np.eye(2), 6, axis=0),
        np.arange(12.0)[:, None],
        np.full((12, 2), 1e-300),
        np.arange(24.0).reshape(12, 2) * 1e100,
    ],
    ids=["ones", "zeros", "one_one", "eye", "exact", "column", "tiny", "huge"],
)
def test_degenerate_features_have_a_finite_score(name: str, features: Floats) -> None:
    assert np.isfinite(_score(name, features, ["ant", "bee"] * 6))


@pytest.mark.parametrize("name", FOR_NUMBERS)
@pytest.mark.parametrize("features", [np.ones((8, 3)), np.eye(8), np.zeros((8, 1))])
def test_degenerate_features_of_numbers_have_a_finite_score(
    name: str, features: Floats
) -> None:
    numbers = np.arange(8) + 0.5
    assert np.isfinite(_score(name, features, numbers, "regression"))


@pytest.mark.parametrize("name", CHEAP)
def test_one_image_a_class_has_a_finite_score(name: str) -> None:
    features, _ = make_features(5, 4)
    assert np.isfinite(_score(name, features, list("abcde")))


@pytest.mark.parametrize("name", OF_FEATURES)
def test_images_and_labels_have_to_be_as_many(name: str) -> None:
    with pytest.raises(DataError, match="Got 3 images and 2 labels"):
        _score(name, np.eye(3), ["a", "b"])


@pytest.mark.parametrize("name", OF_FEATURES)
@pytest.mark.parametrize(
    ("features", "message"),
    [
        ([[1.0, np.nan], [1.0, 2.0]], "1 of 2 rows of features are missing"),
        ([1.0, 2.0], r"Got features of shape \(2,\)"),
        (np.empty((2, 0)), r"Got features of shape \(2, 0\)"),
        ([["x"], ["y"]], "Got features that are no numbers"),
    ],
)
def test_features_that_cannot_be_used_are_refused(
    name: str, features: Any, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        _score(name, features, ["a", "b"])


@pytest.mark.parametrize("name", ["h_score", "gbc", "transrate", "n_leep"])
def test_scores_of_classes_refuse_several_labels(name: str) -> None:
    score = next(score for score in SCORES if score.name == name)
    with pytest.raises(HybridMLError, match="expected one label per image"):
        score.function(np.eye(3), [[1, 0], [0, 1], [1, 1]])
