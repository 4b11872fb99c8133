from __future__ import annotations

from pathlib import Path

import numpy as np

from hybridml import DeepFeatureExtractor, FeatureStore
from hybridml.backbones.counting import images_forwarded
from hybridml.images.door import as_images
from hybridml.transfer.stage_features import features_of_layers
from tests.transfer.conftest import Photos


def _both(photos: Photos, folder: Path) -> tuple[dict, dict, int]:
    images = as_images(photos[0])
    extractor = DeepFeatureExtractor("tiny", store=None)
    layers = ["stage1", "stem"]
    before = images_forwarded()
    together = dict(features_of_layers(images, extractor, layers))
    n_forwarded = images_forwarded() - before
    extractor.set_params(store=FeatureStore(folder))
    return together, dict(features_of_layers(images, extractor, layers)), n_forwarded


def test_layers_come_in_the_order_given(photos: Photos, tmp_path: Path) -> None:
    together, stored, _ = _both(photos, tmp_path)
    assert list(together) == list(stored) == ["stage1", "stem"]


def test_features_are_those_of_each_layer(photos: Photos, tmp_path: Path) -> None:
    together, stored, _ = _both(photos, tmp_path)
    for name, features in stored.items():
        np.testing.assert_array_equal(together[name], features)


def test_without_a_store_an_image_goes_through_once(
    photos: Photos, tmp_path: Path
) -> None:
    assert _both(photos, tmp_path)[2] == len(photos[0])
