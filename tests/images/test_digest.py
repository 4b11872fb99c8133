from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hybridml.exceptions import ImageDecodeError
from hybridml.images import as_images, digest_image, digest_images

Noise = Callable[..., Any]
Encode = Callable[..., bytes]


def test_one_content_under_two_names_and_as_bytes_agrees(
    noise: Noise, encode: Encode, tmp_path: Path
) -> None:
    content = encode(noise(20, 20, 3))
    first, second = tmp_path / "a.png", tmp_path / "b.png"
    first.write_bytes(content)
    second.write_bytes(content)
    os.utime(second, (0, 0))
    digests = {digest_image(image) for image in (first, str(second), content)}
    assert len(digests) == 1
    assert len(digests.pop()) == 20


def test_one_changed_byte_changes_the_digest() -> None:
    assert digest_image(b"content") != digest_image(b"contenu")


def test_views_equal_their_copies(noise: Noise) -> None:
    stack = noise(4, 9, 7, 3)
    for view in (stack[1], stack[2, ::-1, ::2], stack[3].transpose(1, 0, 2)):
        assert digest_image(view) == digest_image(view.copy())
        assert digest_image(view) == digest_image(np.asfortranarray(view))


def test_byte_order_in_memory_does_not_count(noise: Noise) -> None:
    values = noise(4, 5).astype(np.uint16)
    assert digest_image(values) == digest_image(values.astype(">u2"))


def test_shape_dtype_and_values_count() -> None:
    zeros = np.zeros((4, 6), dtype=np.uint8)
    others = [
        zeros.reshape(6, 4),
        zeros[..., None],
        zeros.astype(bool),
        zeros + np.uint8(1),
        np.zeros((4, 3), dtype=np.uint16),
    ]
    assert len({digest_image(array) for array in [zeros, *others]}) == 6


def palette_image(*, colour: int = 0, transparency: Any = None) -> Image.Image:
    image = Image.new("P", (4, 4))
    image.putpalette([colour, 0, 0])
    if transparency is not None:
        image.info["transparency"] = transparency
    return image


def turned(orientation: int) -> Image.Image:
    image = Image.new("L", (4, 4))
    image.getexif()[0x0112] = orientation
    return image


def test_everything_that_changes_a_pil_image_counts() -> None:
    images = [
        Image.new("L", (4, 4)),
        Image.new("L", (2, 8)),
        Image.new("L", (4, 4), 1),
        Image.new("1", (4, 4)),
        turned(3),
        turned(6),
        palette_image(),
        palette_image(colour=9),
        palette_image(transparency=0),
        palette_image(transparency=b"\0\1"),
    ]
    assert len({digest_image(image) for image in images}) == len(images)


def test_a_lazy_pil_image_agrees_with_a_loaded_one(
    noise: Noise, encode: Encode, tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    palette = Image.fromarray(noise(9, 9, 3)).quantize(8)
    path.write_bytes(encode(palette, transparency=3))
    loaded = Image.open(path)
    loaded.load()
    with Image.open(path) as lazy:
        assert digest_image(lazy) == digest_image(loaded) == digest_image(lazy)


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (None, "the image is missing"),
        ("nowhere/a.jpg", "there is no such file"),
        (Path(), "it is a folder"),
        (np.array([[None]]), "dtype is object"),
    ],
)
def test_unreadable_images_are_refused(image: Any, reason: str) -> None:
    with pytest.raises(ImageDecodeError, match=reason):
        digest_image(image)


def test_a_truncated_pil_image_is_refused(
    noise: Noise, encode: Encode, tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encode(noise(40, 40, 3))[:2000])
    with (
        Image.open(path) as image,
        pytest.raises(ImageDecodeError, match="truncated"),
    ):
        digest_image(image)


def test_another_kind_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="Got image of type int"):
        digest_image(5)


def test_many_are_digested_in_order_with_or_without_threads(noise: Noise) -> None:
    images = as_images([noise(5, 5, seed=0), None, noise(5, 5, seed=1), "none.jpg"])
    digests, failures = digest_images(images)
    assert digests == [digest_image(images[0]), None, digest_image(images[2]), None]
    assert failures == {1: "the image is missing", 3: "there is no such file"}
    with ThreadPoolExecutor(2) as executor:
        assert digest_images(images, executor) == (digests, failures)


def test_no_images_have_no_digests() -> None:
    assert digest_images(as_images([])) == ([], {})
