"""The ensemble listens to the layers that are right, and is an sklearn estimator."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.utils import get_tags

from hybridml import DeepFeatureExtractor, FeatureStore
from hybridml.backbones.counting import images_forwarded
from hybridml.exceptions import (
    DataError,
    InvalidParameterError,
    UnknownBackboneError,
    UnknownCutLayerError,
)
from hybridml.testing import make_photos
from hybridml.transfer import LayerEnsembleClassifier

Photos = tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]
MEMBERS = ["stem", "stage1", "penultimate", "all layers"]


def _extractor(**changed: Any) -> DeepFeatureExtractor:
    return DeepFeatureExtractor(
        "tiny", **{"store": None, "precision": "fp32"} | changed
    )


def _ensemble(**changed: Any) -> LayerEnsembleClassifier:
    return LayerEnsembleClassifier(_extractor(), **changed)


def test_learns_and_predicts(photos: Photos) -> None:
    X, y = photos
    model = _ensemble().fit(X, y)
    assert model.score(X, y) == 1.0
    assert model.classes_.tolist() == ["class0", "class1"]
    proba = model.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-6)
    assert (model.classes_[proba.argmax(axis=1)] == y).all()


def test_probabilities_are_the_weighted_mean_of_the_members(photos: Photos) -> None:
    X, y = photos
    layers = MEMBERS[:-1]
    model = _ensemble().fit(X, y)
    features = {name: _extractor(cut_layer=name).fit_transform(X) for name in layers}
    rows = [f / np.linalg.norm(f, axis=1, keepdims=True) for f in features.values()]
    features["all layers"] = np.hstack(rows)
    expected = sum(
        model.weights_[name] * model.heads_[name].predict_proba(features[name])
        for name in MEMBERS
    )
    np.testing.assert_allclose(model.predict_proba(X), expected, atol=1e-5)


def test_every_layer_has_a_member_and_a_weight() -> None:
    model = _ensemble().fit(*make_photos(30, n_classes=3))
    assert list(model.heads_) == model.weights_.index.tolist() == MEMBERS
    assert model.weights_.sum() == pytest.approx(1)
    expected = ["cut_layer", "params", "score", "score_std", "weight"]
    assert model.results_.columns.tolist() == expected
    assert model.results_["params"].iloc[-1].keys() >= {"strength", "fraction"}


def test_layers_that_are_right_more_often_count_more() -> None:
    images = np.random.default_rng(0).integers(0, 99, (64, 32, 32, 3))
    is_top = np.arange(64) % 2 == 1
    images[is_top, :16, :16] += 20  # which a mean over the map does not show
    images[~is_top, 16:, 16:] += 20
    model = LayerEnsembleClassifier(_extractor(pooling="grid2"))
    found = model.fit(images.astype(np.uint8), is_top).results_.set_index("cut_layer")
    assert found["score"]["stage1"] > found["score"]["penultimate"] + 0.1  # log loss
    assert found["weight"]["stage1"] > 2 * found["weight"]["penultimate"]


def test_single_layer_has_no_all_layers_beside_it(photos: Photos) -> None:
    model = _ensemble(cut_layers="stage1").fit(*photos)
    assert model.weights_.to_dict() == {"stage1": 1.0}
    assert model.score(*photos) == 1.0


@pytest.mark.parametrize("has_store", [True, False])
def test_an_image_goes_through_the_network_once(
    has_store: bool, photos: Photos, tmp_path: Path
) -> None:
    store = FeatureStore(tmp_path) if has_store else None
    before = images_forwarded()
    model = LayerEnsembleClassifier(_extractor(store=store)).fit(*photos)
    assert images_forwarded() - before == len(photos[0])
    if has_store:
        model.predict(photos[0])
        assert images_forwarded() - before == len(photos[0])


def test_it_is_a_scikit_learn_estimator(photos: Photos) -> None:
    X, y = photos
    model = _ensemble(cv=2)
    assert clone(model).get_params()["extractor__backbone"] == "tiny"
    assert get_tags(model).input_tags.three_d_array
    assert cross_val_score(model, X, y, cv=2).tolist() == [1.0, 1.0]
    grid = {"extractor__pooling": ["mean", "max"]}
    assert GridSearchCV(model, grid, cv=2).fit(X, y).best_score_ == 1.0
    fitted = model.fit(X, y)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))


def test_two_fits_agree(photos: Photos) -> None:
    one, two = (_ensemble().fit(*photos) for _ in range(2))
    np.testing.assert_array_equal(one.weights_, two.weights_)
    np.testing.assert_array_equal(
        one.predict_proba(photos[0]), two.predict_proba(photos[0])
    )


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"cv": 1}, InvalidParameterError, "Got cv=1"),
        (
            {"extractor": "tiny"},
            InvalidParameterError,
            "expected a DeepFeatureExtractor",
        ),
        ({"cut_layers": "stagee1"}, UnknownCutLayerError, "stage1"),
        ({"extractor__backbone": "tinny"}, UnknownBackboneError, "Did you mean 'tiny'"),
    ],
)
def test_wrong_parameters_are_named(
    photos: Photos, changed: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        _ensemble().set_params(**changed).fit(*photos)


def test_single_image_of_a_class_is_refused(photos: Photos) -> None:
    labels = np.array(["a"] * (len(photos[0]) - 1) + ["b"])
    with pytest.raises(DataError, match=r"too few in: b \(1\)"):
        _ensemble().fit(photos[0], labels)


def test_failed_fit_leaves_nothing_half_new(photos: Photos) -> None:
    model = _ensemble().fit(*photos)
    with pytest.raises(DataError):
        model.fit(photos[0], photos[1][:-1])
    with pytest.raises(NotFittedError):
        model.predict(photos[0])
