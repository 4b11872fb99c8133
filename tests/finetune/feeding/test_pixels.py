"""Training pixels are the network's own preprocessing, before the last crop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from hybridml.backbones.spec import Preprocessing
from hybridml.exceptions import ImageDecodeError
from hybridml.finetune.feeding import pixels as pixels_module
from hybridml.finetune.feeding.pixels import Pixels
from hybridml.images.augment import augment_batch
from hybridml.images.batch import load_batch
from hybridml.images.door import as_images

PREPROCESSING = Preprocessing(resize=36, crop=32)


@pytest.fixture(params=["kept", "decoded when asked for"])
def is_kept(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    if request.param != "kept":
        monkeypatch.setattr(pixels_module, "_MAX_KEPT_BYTES", 100)
    return bool(request.param == "kept")


@pytest.mark.usefixtures("is_kept")
@pytest.mark.parametrize("size", [(36, 36), (48, 37), (36, 61), (200, 119)])
@pytest.mark.parametrize("resize", [28, 32, 36, 38, 39])
def test_without_augmentation_pixels_are_those_of_the_features(
    size: tuple[int, int], resize: int
) -> None:
    preprocessing = Preprocessing(resize=resize, crop=32)
    image = Image.fromarray(_noise(size))
    kept = Pixels(as_images([image]), preprocessing).take([0])
    cropped = augment_batch(
        kept, policy="none", crop=32, generator=torch.Generator().manual_seed(0)
    )
    expected, _ = load_batch([image], resize=resize, crop=32)
    np.testing.assert_array_equal(cropped[0].permute(1, 2, 0).numpy(), expected[0])


@pytest.mark.usefixtures("is_kept")
def test_images_come_in_the_order_asked_for() -> None:
    images = as_images([_noise((40, 40), seed) for seed in range(5)])
    taken = Pixels(images, PREPROCESSING).take([3, 0, 3])
    assert taken.shape == (3, 3, 36, 36)
    assert taken.dtype == torch.uint8
    assert torch.equal(taken[0], taken[2])
    assert not torch.equal(taken[0], taken[1])


def test_every_bad_image_is_named_at_once(tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no image")
    images = as_images([_noise((40, 40)), str(bad), None])
    with pytest.raises(ImageDecodeError, match=r"bad.jpg' \(image 2 of 3\)") as caught:
        Pixels(images, PREPROCESSING)
    assert set(caught.value.failures) == {1, 2}


def test_bad_image_is_named_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixels_module, "_MAX_KEPT_BYTES", 100)
    pixels = Pixels(as_images([_noise((40, 40)), None]), PREPROCESSING)
    assert len(pixels.take([0])) == 1
    with pytest.raises(ImageDecodeError, match=r"\(image 2 of 2\): the image is miss"):
        pixels.take([1])


def _noise(size: tuple[int, int], seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
