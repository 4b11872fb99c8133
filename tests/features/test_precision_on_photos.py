"""bfloat16 features tell on real photos what float32 features tell."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn
from torchvision.models import resnet50

from hybridml import DeepFeatureExtractor, load_image_folder
from hybridml.backbones import get_backbone, register_backbone

N_PHOTOS = 200


def _resnet_with_early_strides(n_classes: int) -> nn.Module:
    """ResNet-50 as first published: a block's first convolution has the stride."""
    network = resnet50(num_classes=n_classes)
    for layer in (network.layer2, network.layer3, network.layer4):
        layer[0].conv1.stride, layer[0].conv2.stride = (2, 2), (1, 1)
    return network


def _resnet(shared_weights: Path) -> DeepFeatureExtractor:
    declared = get_backbone("resnet50")
    first = dataclasses.replace(
        declared, name="resnet50_v1", build=_resnet_with_early_strides
    )
    register_backbone(first, overwrite=True)
    weights = shared_weights / "resnet50_stride_in_conv1_fp16.pt"
    return DeepFeatureExtractor("resnet50_v1", weights=weights)


def _mobilenet(shared_weights: Path) -> DeepFeatureExtractor:
    weights = shared_weights / "mobilenet_v2-b0353104.pth"
    return DeepFeatureExtractor("mobilenet_v2", weights=weights)


def _lite(shared_weights: Path) -> DeepFeatureExtractor:
    return DeepFeatureExtractor("efficientnet_lite0")


@pytest.mark.slow
@pytest.mark.parametrize("make", [_resnet, _mobilenet, _lite])
def test_bf16_features_are_as_good_as_fp32_ones(
    make: Callable[[Path], DeepFeatureExtractor],
    shared_data: Path,
    shared_weights: Path,
) -> None:
    paths, labels = load_image_folder(shared_data / "cats_vs_dogs", split="train")
    chosen = np.random.default_rng(0).permutation(len(paths))[:N_PHOTOS]
    photos, y = np.array(paths, dtype=object)[chosen], labels[chosen]
    extractor = make(shared_weights)
    names = get_backbone(extractor.backbone).stage_names
    transform = partial(_features, extractor, photos, names)
    exact, rounded = transform("fp32"), transform("bf16")
    assert not np.array_equal(exact["penultimate"], rounded["penultimate"])
    assert cosine(exact["penultimate"], rounded["penultimate"]).min() >= 0.999
    for name in names:
        apart = abs(accuracy(exact[name], y) - accuracy(rounded[name], y))
        assert apart <= 0.005, f"{name}: {apart}"


def _features(
    extractor: DeepFeatureExtractor,
    photos: np.ndarray,
    names: tuple[str, ...],
    precision: str,
) -> dict[str, np.ndarray]:
    extractor.set_params(cut_layer=list(names), precision=precision, store=None)
    extractor.fit(photos)
    assert extractor.precision_ == precision
    widths = list(extractor._request().wanted_widths.values())
    parts = np.split(extractor.transform(photos), np.cumsum(widths)[:-1], axis=1)
    return dict(zip(names, parts, strict=True))


def cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.asarray((a * b).sum(axis=1) / lengths)


def accuracy(features: np.ndarray, y: np.ndarray) -> float:
    """Of a linear probe, over ten ways of dividing the photos into folds.

    With one way, three photos on the edge of chance would already be 1.5 points.
    """
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=2000))
    folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=10, random_state=0)
    return float(cross_val_score(probe, features, y, cv=folds).mean())
