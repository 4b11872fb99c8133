"""A run is another one if, and only if, its result may be another."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hybridml import FineTuneClassifier
from hybridml.backbones.loading import network_of
from hybridml.backbones.registry import get_backbone, register_backbone
from hybridml.finetune import Callback
from hybridml.finetune.identity import identify
from hybridml.finetune.learning.targets import class_targets
from hybridml.images.door import as_images
from hybridml.testing import make_photos, register_tiny_backbone

IMAGES = make_photos(6)[0]


def _identity(
    images: Any = IMAGES, codes: Any = None, sample_weight: Any = None, **changed: Any
) -> str:
    estimator = FineTuneClassifier("tiny", **changed)
    codes = np.arange(len(images)) % 2 if codes is None else np.array(codes)
    counts = np.ones(len(images)) if sample_weight is None else np.array(sample_weight)
    identity = identify(
        estimator,
        network_of(estimator),
        as_images(images),
        class_targets(codes, counts),
    )
    return json.dumps(identity, sort_keys=True)


@pytest.mark.parametrize(
    "changed",
    [
        {"learning_rate": 0.1},
        {"epochs": 3},
        {"random_state": 1},
        {"augmentation": "none"},
        {"precision": "fp32"},
        {"weights": None},
        {"class_weight": {"a": 2.0}},
        {"sample_weight": [1, 1, 1, 1, 1, 2]},
        {"codes": [0, 0, 1, 1, 0, 1]},
        {"image_size": 24},
        {"images": IMAGES[::-1]},
        {"images": IMAGES[:5]},
    ],
)
def test_another_result_is_another_run(changed: dict[str, Any]) -> None:
    assert _identity(**changed) != _identity()


def test_other_weights_under_the_same_name_are_another_run() -> None:
    first = _identity()
    register_tiny_backbone("tiny-other", seed=1)
    other = replace(get_backbone("tiny-other"), name="tiny")
    kept = get_backbone("tiny")
    register_backbone(other, overwrite=True)
    try:
        assert _identity() != first
    finally:
        register_backbone(kept, overwrite=True)


@pytest.mark.parametrize(
    "changed",
    [
        {"n_jobs": 2},
        {"verbose": 1},
        {"store": None},
        {"checkpoint": "elsewhere"},
        {"callbacks": [Callback()]},
    ],
)
def test_what_changes_no_number_makes_no_other_run(changed: dict[str, Any]) -> None:
    assert _identity(**changed) == _identity()


def test_where_the_images_lie_makes_no_other_run(tmp_path: Path) -> None:
    found = []
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        paths = [tmp_path / name / f"{i}.png" for i in range(6)]
        for image, path in zip(IMAGES, paths, strict=True):
            Image.fromarray(image).save(path)
        found.append(_identity(paths))
    assert found[0] == found[1]
