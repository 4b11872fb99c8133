"""Case 0 changes no weight and learns nothing but its class map."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_score

from hybridml import DeepFeatureExtractor, FeatureStore, PretrainedClassifier
from hybridml.exceptions import (
    DataError,
    InvalidParameterError,
    UnknownBackboneError,
    WeightsError,
)
from hybridml.testing import make_photos

Photos = tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]


def _classifier(**changed: Any) -> PretrainedClassifier:
    return PretrainedClassifier(**{"backbone": "tiny", "store": None, **changed})


def test_classes_are_told_apart(photos: Photos) -> None:
    X, y = photos
    model = _classifier().fit(X, y)
    assert model.score(X, y) == 1.0
    assert model.shares_.shape == (10, 2)
    proba = model.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1)


def test_probabilities_are_those_of_the_outputs(photos: Photos) -> None:
    X, y = photos
    given = {"class0": list(range(5)), "class1": list(range(5, 10))}
    proba = _classifier(class_map=given).fit(X, y).predict_proba(X)
    logits = DeepFeatureExtractor("tiny", cut_layer="logits", store=None).transform(X)
    outputs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(proba[:, 0], outputs[:, :5].sum(axis=1), rtol=1e-5)


def test_outputs_of_no_class_take_no_part(photos: Photos) -> None:
    X, y = photos
    proba = _classifier(class_map={"class0": [0], "class1": [1]}).fit(X, y)
    np.testing.assert_allclose(proba.predict_proba(X).sum(axis=1), 1)
    assert np.count_nonzero(proba.shares_) == 2


def test_map_is_learned_from_the_training_images_alone(photos: Photos) -> None:
    X, y = photos
    model = _classifier().fit(X[:10], y[:10])
    shares = model.shares_.copy()
    model.predict(X[10:])
    np.testing.assert_array_equal(model.shares_, shares)
    others = _classifier().fit(np.concatenate([X[:10]]), y[:10])
    np.testing.assert_array_equal(others.shares_, shares)
    assert not np.array_equal(_classifier().fit(X, y).shares_, shares)


def test_shuffled_labels_are_predicted_by_chance() -> None:
    X, y = make_photos(40)
    scores = [
        cross_val_score(
            _classifier(), X, np.random.default_rng(seed).permutation(y), cv=4
        ).mean()
        for seed in range(5)
    ]
    assert 0.3 < np.mean(scores) < 0.7


def test_given_map_forwards_no_image_to_fit(photos: Photos, tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "store")
    given = {"class0": ["thing 1"], "class1": ["thing 2"]}
    _classifier(class_map=given, store=store).fit(*photos)
    assert store.stats()["images_forwarded"] == 0


def test_speakers_are_named_the_strongest_first(photos: Photos) -> None:
    given = {"class0": ["thing 3", "thing 4"], "class1": ["thing 4"]}
    model = _classifier(class_map=given).fit(*photos)
    assert model.speakers() == {
        "class0": ["thing 3", "thing 4"],
        "class1": ["thing 4"],
    }
    assert model.speakers(1)["class0"] == ["thing 3"]


def test_speakers_without_names_are_numbers(photos: Photos) -> None:
    model = _classifier(backbone="lenet5", weights=None).fit(*photos)
    names = model.speakers()["class0"]
    assert len(names) == 3
    assert all(name.isdecimal() for name in names)


@pytest.mark.parametrize(
    ("class_map", "message"),
    [
        ({"class0": [0]}, r"expected outputs for each of the classes \['class0', 'cl"),
        ({"class0": [0], "class1": ["thng 2"]}, r"Did you mean 'thing 2'\?"),
    ],
)
def test_unfitting_map_is_refused(photos: Photos, class_map: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        _classifier(class_map=class_map).fit(*photos)


@pytest.mark.parametrize("class_map", ["lern", None, ["class0"]])
def test_map_is_learn_or_a_dict(photos: Photos, class_map: Any) -> None:
    with pytest.raises(InvalidParameterError, match=r"Got class_map=.*; expected 'lea"):
        _classifier(class_map=class_map).fit(*photos)


def test_wrong_parameters_are_named(photos: Photos) -> None:
    with pytest.raises(UnknownBackboneError, match="Did you mean 'tiny'"):
        _classifier(backbone="tinyy").fit(*photos)
    with pytest.raises(InvalidParameterError, match="Got n_jobs=0"):
        _classifier(n_jobs=0).fit(*photos)
    with pytest.raises(WeightsError, match="Pass weights=None"):
        _classifier(backbone="lenet5").fit(*photos)
    with pytest.raises(DataError, match="only one class, a"):
        _classifier().fit(photos[0], ["a"] * 16)


def test_pickle_and_clone(photos: Photos) -> None:
    X, y = photos
    model = _classifier(class_map="learn").fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    copied = clone(model)
    assert copied.get_params() == model.get_params()
    with pytest.raises(NotFittedError, match="not fitted yet"):
        copied.predict_proba(X)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        copied.speakers()


def test_refit_forgets(photos: Photos) -> None:
    X, y = make_photos(18, n_classes=3)
    model = _classifier().fit(X, y).fit(*photos)
    assert model.classes_.tolist() == ["class0", "class1"]
    np.testing.assert_array_equal(model.shares_, _classifier().fit(*photos).shares_)


def test_nothing_to_predict_gives_nothing(photos: Photos) -> None:
    model = _classifier().fit(*photos)
    assert model.predict([]).shape == (0,)


def _two_labels() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    X, y = make_photos(24, n_classes=3)
    return X, np.column_stack([y == "class0", y != "class2"])


def test_several_labels_are_told(photos: Photos) -> None:
    X, present = _two_labels()
    model = _classifier().fit(X, present)
    assert model.multilabel_
    proba = model.predict_proba(X)
    assert proba.shape == (24, 2)
    assert ((proba >= 0) & (proba <= 1)).all()
    np.testing.assert_array_equal(model.predict(X), proba > 0.5)
    for label in range(2):
        assert roc_auc_score(present[:, label], proba[:, label]) > 0.9
    assert set(model.speakers()) == {0, 1}
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), proba)
    assert not model.fit(*photos).multilabel_


def test_map_of_labels_goes_by_their_columns() -> None:
    X, present = _two_labels()
    given = {0: ["thing 3", "thing 4"], 1: ["thing 4"]}
    model = _classifier(class_map=given).fit(X, present)
    outputs = _classifier(class_map={0: [3], 1: [4]}).fit(X, present).predict_proba(X)
    found = model.predict_proba(X)
    np.testing.assert_allclose(found[:, 0], outputs.sum(axis=1), rtol=1e-6)
    np.testing.assert_allclose(found[:, 1], outputs[:, 1], rtol=1e-6)
    with pytest.raises(DataError, match=r"expected outputs for each .*\[0, 1\]"):
        _classifier(class_map={0: [3]}).fit(X, present)


@pytest.mark.parametrize("scoring", ["roc_auc", "f1_macro", "average_precision"])
def test_labels_can_be_cross_validated(scoring: str) -> None:
    X, present = _two_labels()
    assert cross_val_score(_classifier(), X, present, cv=2, scoring=scoring).min() > 0.6
