"""Images of any number of channels become uint8 arrays, or say what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from hybridml.exceptions import ImageDecodeError
from hybridml.images.batch import load_batch
from hybridml.images.channels import array_channels
from hybridml.images.decode import decode_image


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def test_three_channels_are_rgb() -> None:
    image = noise(5, 6, 3)
    assert np.array_equal(array_channels(image, 3), decode_image(image))


def test_one_channel_is_the_luminance() -> None:
    image = noise(5, 6, 3)
    expected = np.asarray(Image.fromarray(image).convert("L"))
    assert np.array_equal(array_channels(image, 1)[:, :, 0], expected)
    grey = noise(5, 6)
    assert np.array_equal(array_channels(grey, 1)[:, :, 0], grey)


def test_four_channels_are_taken_as_they_are() -> None:
    image = noise(5, 6, 4)
    assert np.array_equal(array_channels(image, 4), image)


def test_dtypes_are_scaled_as_those_of_rgb() -> None:
    image = noise(5, 6, 7)
    assert np.array_equal(array_channels(image.astype(np.uint16) * 257, 7), image)
    assert np.array_equal(array_channels(image / 255, 7), image)
    with pytest.raises(ImageDecodeError, match="its dtype is int64"):
        array_channels(image.astype(np.int64), 7)


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (noise(5, 6, 3), r"its shape is \(5, 6, 3\); expected \(height, width, 7\)"),
        (noise(7, 5, 6), "the channels come first"),
        (noise(5, 6), r"its shape is \(5, 6\)"),
        (noise(0, 6, 7), "it has no pixels"),
        ("some.tif", "only arrays have 7 channels"),
        (b"II*", r"pass an array of shape \(height, width, 7\)"),
        (Image.new("RGB", (2, 2)), "only arrays have 7 channels"),
        (None, "the image is missing"),
    ],
)
def test_other_images_say_what_is_wrong(image: Any, reason: str) -> None:
    with pytest.raises(ImageDecodeError, match=reason):
        array_channels(image, 7)


def test_what_is_no_image_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="Got image of type int"):
        array_channels(3, 7)


def test_a_batch_treats_each_channel_as_one_of_rgb() -> None:
    images = noise(2, 30, 40, 3)
    six = np.concatenate([images, images], axis=3)
    options = {"resize": 20, "crop": 16, "interpolation": "bicubic"}
    rgb, _ = load_batch(images, **options)
    wide, failures = load_batch(six, channels=6, **options)
    assert failures == {}
    assert np.array_equal(wide[..., :3], rgb)
    assert np.array_equal(wide[..., 3:], rgb)
    grey, _ = load_batch(images, channels=1, **options)
    assert grey.shape == (2, 16, 16, 1)


def test_a_batch_names_what_has_other_channels() -> None:
    pixels, failures = load_batch(
        [noise(8, 8, 5), noise(8, 8, 3)], resize=8, crop=8, channels=5
    )
    assert list(failures) == [1]
    assert not pixels[1].any()
