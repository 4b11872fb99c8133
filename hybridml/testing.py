"""Test doubles for code that uses hybridml: a tiny backbone and made-up photos."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from hybridml.backbones.registry import list_backbones, register_backbone
from hybridml.backbones.spec import Backbone, Preprocessing, Stage


def register_tiny_backbone(name: str = "tiny", *, seed: int = 0) -> str:
    """Register a network of two convolutions that runs in milliseconds.

    Its default weights are random ones from `seed`: always the same, and no download.

    Parameters
    ----------
    name : str, default="tiny"
    seed : int, default=0

    Returns
    -------
    name : str

    Examples
    --------
    >>> from hybridml import DeepFeatureExtractor
    >>> from hybridml.testing import make_photos, register_tiny_backbone
    >>> X, y = make_photos(4)
    >>> extractor = DeepFeatureExtractor(register_tiny_backbone(), store=None)
    >>> extractor.fit_transform(X).shape
    (4, 16)
    """
    if name not in list_backbones():
        register_backbone(
            Backbone(
                name,
                _build,
                stages=(
                    Stage("stem", "stem.2"),
                    Stage("stage1", "stage1.2"),
                    Stage("penultimate", "flatten", "vector"),
                    Stage("logits", "logits", "vector"),
                ),
                preprocessing=Preprocessing(resize=36, crop=32),
                fetch_default_weights=partial(_default_weights, seed),
                fetch_categories=lambda: tuple(f"thing {i}" for i in range(10)),
                n_classes=10,
                min_image_size=8,
            )
        )
    return name


def make_photos(
    n_images: int, *, n_classes: int = 2, side: int = 40, seed: int = 0
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.str_]]:
    """Make noisy images whose classes differ in brightness and in their stripes.

    Parameters
    ----------
    n_images : int
    n_classes : int, default=2
    side : int, default=40
        Height and width in pixels.
    seed : int, default=0

    Returns
    -------
    images : ndarray of shape (n_images, side, side, 3), uint8
    labels : ndarray of shape (n_images,), str
        Classes in turn: "class0", "class1" ...
    """
    rng = np.random.default_rng(seed)
    classes = np.arange(n_images) % n_classes
    wave = np.sin(np.arange(side)[None, :] * (1 + classes[:, None]) * 0.4)
    level = 60 + 130 * classes / max(1, n_classes - 1)
    clean = level[:, None, None] + 40 * wave[:, :, None] * np.ones(side)
    noisy = clean[..., None] + rng.normal(0, 20, (n_images, side, side, 3))
    labels = np.array([f"class{label}" for label in classes])
    return noisy.clip(0, 255).astype(np.uint8), labels


class _TinyNetwork(nn.Module):
    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.stem = _block(3, 8)
        self.stage1 = _block(8, 16)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.logits = nn.Linear(16, n_classes)

    def forward(self, images: Tensor) -> Tensor:
        features = self.flatten(self.pool(self.stage1(self.stem(images))))
        scores: Tensor = self.logits(features)
        return scores


def _block(n_in: int, n_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, 3, stride=2, padding=1), nn.BatchNorm2d(n_out), nn.ReLU()
    )


def _build(n_classes: int) -> nn.Module:
    return _TinyNetwork(n_classes)


def _default_weights(seed: int) -> Mapping[str, Tensor]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _build(10).state_dict()
