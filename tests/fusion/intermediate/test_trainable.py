"""Intermediate fusion in which the last layers of a network learn along."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hybridml import DeepFeatureExtractor, IntermediateFusionClassifier
from hybridml.exceptions import InvalidParameterError, UnknownCutLayerError

SMALL: dict[str, Any] = {"width": 16, "epochs": 4, "device": "cpu"}


@pytest.fixture(scope="module")
def photos() -> tuple[pd.DataFrame, np.ndarray]:
    """Give 40 rows of an image and a number, which tell of two classes together."""
    rng = np.random.default_rng(0)
    classes = np.arange(40) % 2
    images = rng.integers(0, 90, (40, 32, 32, 3), dtype=np.uint8)
    images += (120 * classes).astype(np.uint8)[:, None, None, None]
    X = pd.DataFrame({"image": list(images), "size": rng.normal(size=40) + classes})
    X.loc[::7, "image"] = None
    return X, np.array(["dark", "light"])[classes]


def _extractor(backbone: str = "resnet18", **options: Any) -> DeepFeatureExtractor:
    given = {"weights": None, "image_size": 32, "store": None, "device": "cpu"}
    return DeepFeatureExtractor(backbone, **{**given, **options})


def _fit(photos: Any, extractor: Any, **options: Any) -> IntermediateFusionClassifier:
    modalities = [("photo", extractor, "image"), ("size", "tabular", ["size"])]
    return IntermediateFusionClassifier(modalities, **{**SMALL, **options}).fit(*photos)


@pytest.mark.slow
@pytest.mark.parametrize("trainable", ["last2", "layer3"])
def test_the_network_learns_and_predicts(trainable: str, photos: Any) -> None:
    X, y = photos
    model = _fit(photos, _extractor(), trainable=trainable, epochs=30)
    assert model.score(X, y) > 0.8
    alone = np.vstack([model.predict_proba(X.iloc[[i]]) for i in range(8)])
    np.testing.assert_allclose(alone, model.predict_proba(X)[:8], atol=1e-6)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_layers_behind_the_border_change_and_the_backbone_does_not(photos: Any) -> None:
    extractor = _extractor()
    before = extractor.fit_transform(photos[0]["image"].dropna())
    model = _fit(photos, extractor, trainable="last2")
    (stem,) = model.networks_._stems.values()
    maps = model.encoders_[0].encode(photos[0])
    fresh = model.encoders_[0].estimator_.make_stem().eval()
    old = fresh.features_of(maps.values[maps.is_present])
    np.testing.assert_allclose(old, before, rtol=1e-3, atol=1e-3)
    fresh.scaling = stem.scaling
    change = fresh.features_of(maps.values) - stem.features_of(maps.values)
    assert np.abs(change[maps.is_present]).max() > 1e-3
    after = extractor.fit_transform(photos[0]["image"].dropna())
    np.testing.assert_array_equal(before, after)


def test_it_begins_with_the_frozen_features(photos: Any) -> None:
    X, _ = photos
    options: dict[str, Any] = {"epochs": 1, "learning_rate": 1e-12}
    frozen = _fit(photos, _extractor(), **options).predict_proba(X)
    learned = _fit(photos, _extractor(), trainable="last2", **options).predict_proba(X)
    np.testing.assert_allclose(frozen, learned, atol=2e-3)


@pytest.mark.slow
def test_two_fits_agree_bit_for_bit(photos: Any) -> None:
    first, second = (
        _fit(photos, _extractor(), trainable="last2").predict_proba(photos[0])
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


def test_without_an_image_nothing_can_be_trained(photos: Any) -> None:
    X, y = photos
    model = IntermediateFusionClassifier(
        [("size", "tabular", ["size"])], trainable="last2"
    )
    with pytest.raises(InvalidParameterError, match=r"trainable='last2'.*no modality"):
        model.fit(X, y)


def test_wrong_scopes_are_named(photos: Any) -> None:
    with pytest.raises(UnknownCutLayerError, match=r"trainable='layer33'.*'layer3'"):
        _fit(photos, _extractor(), trainable="layer33")
    for scope in (None, "all"):
        with pytest.raises(InvalidParameterError, match=r"trainable=.*'last2' or"):
            _fit(photos, _extractor(), trainable=scope)
    with pytest.raises(InvalidParameterError, match="one cut layer"):
        _fit(photos, _extractor(cut_layer=["layer3", "layer4"]), trainable="last2")


@pytest.mark.slow
def test_tokens_are_refused(photos: Any) -> None:
    extractor = _extractor("vit_b_16", image_size=224)
    with pytest.raises(InvalidParameterError, match="tokens, not maps"):
        _fit(photos, extractor, trainable="last2")
