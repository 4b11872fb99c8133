"""The fused module against the estimator it was made of."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from hybridml import (
    DeepFeatureExtractor,
    FineTuneClassifier,
    FusedModel,
    TransferClassifier,
    TransferRegressor,
    fuse,
    load_image_folder,
)
from hybridml.exceptions import FusingError, ImageDecodeError
from hybridml.images.batch import load_batch
from hybridml.testing import make_photos, register_tiny_backbone

Photos = tuple[npt.NDArray[np.uint8], npt.NDArray[np.str_]]


@pytest.fixture(scope="module")
def backbone() -> str:
    return register_tiny_backbone("tiny_fused")


@pytest.fixture
def photos() -> Photos:
    return make_photos(24)


def _extractor(backbone: str, **options: Any) -> DeepFeatureExtractor:
    return DeepFeatureExtractor(backbone, store=None, **options)


def test_whole_pipeline_is_one_module_with_the_same_answers(
    backbone: str, photos: Photos
) -> None:
    X, y = photos
    steps = (StandardScaler(), PCA(5), LogisticRegression())
    model = make_pipeline(_extractor(backbone), *steps).fit(X, y)
    fused = fuse(model)
    assert isinstance(fused, torch.nn.Module)
    assert np.array_equal(fused.predict(X), model.predict(X))
    assert np.allclose(fused.predict_proba(X), model.predict_proba(X), atol=1e-6)
    found = fused.decision_function(X)
    assert np.allclose(found, model.decision_function(X), atol=1e-5)
    assert list(fused.classes_) == list(model.classes_)


@pytest.mark.parametrize("pooling", ["mean", "flatten"])
@pytest.mark.parametrize("cut_layer", ["penultimate", ["stage1", "penultimate"]])
def test_cut_layers_and_poolings(
    backbone: str, photos: Photos, cut_layer: Any, pooling: str
) -> None:
    X, y = photos
    extractor = _extractor(backbone, cut_layer=cut_layer, pooling=pooling)
    model = make_pipeline(extractor, LogisticRegression(max_iter=500)).fit(X, y)
    assert np.allclose(fuse(model).predict_proba(X), model.predict_proba(X), atol=1e-5)


def test_module_takes_pixels(backbone: str, photos: Photos) -> None:
    X, y = photos
    fused = fuse(TransferClassifier(backbone, store=None).fit(X, y))
    how = fused.preprocessing
    pixels, _ = load_batch(
        X, resize=how.resize, crop=how.crop, interpolation=how.interpolation
    )
    scores = fused(torch.from_numpy(pixels))
    assert scores.shape == (len(X), 1)
    found = scores.numpy().ravel()
    assert np.allclose(found, fused.decision_function(X), atol=1e-5)
    assert not any(tensor.requires_grad for tensor in fused.linear.parameters())


def test_head_without_probabilities_has_none(backbone: str, photos: Photos) -> None:
    fused = fuse(TransferClassifier(backbone, store=None).fit(*photos))
    assert not hasattr(fused, "predict_proba")
    assert hasattr(fused, "decision_function")


def test_one_image_and_none_and_many(backbone: str, photos: Photos) -> None:
    X, y = photos
    model = TransferClassifier(backbone, head="logistic", store=None).fit(X, y)
    fused = fuse(model)
    assert fused.predict_proba(X[:1]).shape == (1, 2)
    many = fused.predict_proba(np.concatenate([X, X]))
    assert np.allclose(many[: len(X)], model.predict_proba(X), atol=1e-6)
    assert np.array_equal(many[: len(X)], many[len(X) :])


def test_regression_and_several_labels(backbone: str, photos: Photos) -> None:
    X, y = photos
    numbers = np.arange(len(X)) * 10.0
    regressor = TransferRegressor(backbone, store=None).fit(X, numbers)
    assert np.allclose(fuse(regressor).predict(X), regressor.predict(X), rtol=1e-5)
    table = np.column_stack([y == y[0], np.arange(len(y)) % 3 == 0])
    labels = TransferClassifier(backbone, store=None).fit(X, table.astype(int))
    assert np.array_equal(fuse(labels).predict(X), labels.predict(X))


def test_search_is_fused_by_what_it_chose(backbone: str, photos: Photos) -> None:
    X, y = photos
    model = TransferClassifier(backbone, cut_layer=["stage1", "penultimate"])
    model.set_params(store=None)
    search = GridSearchCV(model, {"head": ["logistic", "ridge"]}, cv=2).fit(X, y)
    assert np.array_equal(fuse(search).predict(X), search.predict(X))


def test_bad_images_are_named(backbone: str, photos: Photos) -> None:
    X, y = photos
    fused = fuse(TransferClassifier(backbone, store=None).fit(X, y))
    with pytest.raises(ImageDecodeError, match=r"image 21 of 25") as caught:
        fused.predict([*X[:20], b"no image", *X[20:]])
    assert list(caught.value.failures) == [20]


def test_copy_answers_alike(backbone: str, photos: Photos) -> None:
    X, y = photos
    fused = fuse(TransferClassifier(backbone, store=None).fit(X, y))
    assert np.array_equal(copy.copy(fused).predict(X), fused.predict(X))


def test_what_has_no_extractor_in_front_is_refused(
    backbone: str, photos: Photos
) -> None:
    X, y = photos
    tuned = FineTuneClassifier(backbone, epochs=1, store=None).fit(X, y)
    with pytest.raises(FusingError, match=r"Got FineTuneClassifier; expected a pipe"):
        fuse(tuned)
    head = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(FusingError, match="Got LogisticRegression"):
        fuse(head)


def test_unfitted_estimator_is_refused(backbone: str) -> None:
    with pytest.raises(NotFittedError):
        fuse(TransferClassifier(backbone))


def test_nonlinear_head_is_refused_by_name(backbone: str, photos: Photos) -> None:
    model = TransferClassifier(backbone, head="rbf_svm", store=None).fit(*photos)
    with pytest.raises(FusingError, match="Got the head SVC"):
        fuse(model)


@pytest.mark.slow
def test_decisions_on_real_photos_are_the_same(shared_data: Path) -> None:
    folder = shared_data / "cats_vs_dogs"
    X, y = load_image_folder(folder / "train")
    model = TransferClassifier(store=None, calibrate=True).fit(X[::4], y[::4])
    unseen, _ = load_image_folder(folder / "val")
    fused: FusedModel = fuse(model)
    assert np.array_equal(fused.predict(unseen), model.predict(unseen))
    found, expected = fused.predict_proba(unseen), model.predict_proba(unseen)
    assert np.allclose(found, expected, rtol=0, atol=1e-4)
