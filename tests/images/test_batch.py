from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from hybridml.exceptions import InvalidParameterError
from hybridml.images import as_images, load_batch

Noise = Callable[..., Any]
SIZES = [
    (37, 53),
    (53, 37),
    (64, 64),
    (31, 200),
    (200, 31),
    (33, 34),
    (300, 451),
    (5, 7),
]


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize(
    ("resize", "crop"), [(32, 32), (33, 28), (47, 24), (24, 40), (25, 40), (36, 37)]
)
def test_pixels_equal_those_of_torchvision(
    interpolation: str, resize: int, crop: int, noise: Noise
) -> None:
    arrays = [noise(height, width, 3) for height, width in SIZES]
    mode = v2.InterpolationMode(interpolation)
    reference = v2.Compose(
        [
            v2.Resize(resize, interpolation=mode, antialias=True),
            v2.CenterCrop(crop),
        ]
    )
    tensors = [torch.from_numpy(array).permute(2, 0, 1) for array in arrays]
    expected = [reference(tensor).permute(1, 2, 0).numpy() for tensor in tensors]
    pixels, failures = load_batch(
        arrays, resize=resize, crop=crop, interpolation=interpolation
    )
    assert failures == {}
    assert np.array_equal(pixels, np.stack(expected))


def test_threads_change_nothing(noise: Noise) -> None:
    images = as_images([*(noise(50, 40 + i, 3, seed=i) for i in range(20)), None])
    alone = load_batch(images, resize=24, crop=20)
    with ThreadPoolExecutor(4) as executor:
        together = load_batch(images, resize=24, crop=20, executor=executor)
    assert np.array_equal(alone[0], together[0])
    assert alone[1] == together[1] == {20: "the image is missing"}


def test_bad_images_leave_zeros_and_a_reason(noise: Noise, tmp_path: Path) -> None:
    good = noise(30, 30, 3)
    images = as_images([tmp_path / "none.jpg", good, b"", good])
    pixels, failures = load_batch(images, resize=16, crop=16)
    assert failures == {0: "there is no such file", 2: "the file is empty"}
    assert not pixels[[0, 2]].any()
    assert pixels[1].any()
    assert np.array_equal(pixels[1], pixels[3])


def test_no_images_give_an_empty_batch() -> None:
    pixels, failures = load_batch(as_images([]), resize=16, crop=12)
    assert pixels.shape == (0, 12, 12, 3)
    assert pixels.dtype == np.uint8
    assert failures == {}


def test_a_stack_needs_no_list(noise: Noise) -> None:
    stack = noise(3, 16, 16, 3)
    pixels, _ = load_batch(as_images(stack), resize=16, crop=16)
    assert np.array_equal(pixels, stack)


def test_a_sliver_that_would_grow_beyond_measure_is_refused() -> None:
    sliver = np.zeros((1, 60_000), dtype=np.uint8)
    _, failures = load_batch([sliver], resize=64, crop=64)
    assert "60000 x 1 pixels, differ too much" in failures[0]


def test_all_wrong_parameters_are_named_at_once() -> None:
    with pytest.raises(InvalidParameterError, match=r"resize=0.*crop=1\.5.*'nearest'"):
        load_batch([], resize=0, crop=1.5, interpolation="nearest")  # type: ignore[arg-type]


def test_real_photos_equal_those_of_torchvision(shared_data: Path) -> None:
    paths = sorted((shared_data / "imagenet_sample").glob("*.JPEG"))
    reference = v2.Compose([v2.Resize(256), v2.CenterCrop(224)])
    pixels, failures = load_batch(paths, resize=256, crop=224)
    assert failures == {}
    for path, row in zip(paths, pixels, strict=True):
        with Image.open(path) as image:
            decoded = image.convert("RGB")
        by_pillow = np.asarray(reference(decoded)).astype(int)
        assert np.abs(row - by_pillow).max() <= 2, path.name
        tensor = torch.from_numpy(np.array(decoded)).permute(2, 0, 1)
        assert np.array_equal(row, reference(tensor).permute(1, 2, 0)), path.name
