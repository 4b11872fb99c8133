from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hybridml.exceptions import ImageDecodeError
from hybridml.images import as_images, raise_bad_images
from hybridml.images.failures import find_bad_images


def test_no_failures_raise_nothing() -> None:
    raise_bad_images({}, ["a.jpg"])


def test_bad_images_are_named_with_their_place() -> None:
    message = (
        r"^Cannot decode 'a/b\.jpg' \(image 17 of 240\): the file is empty\n"
        r"Cannot decode <no image> \(image 21 of 240\): the image is missing$"
    )
    images = as_images(["a/b.jpg"] * 239 + [None])
    images[20] = None
    failures = {20: "the image is missing", 16: "the file is empty"}
    with pytest.raises(ImageDecodeError, match=message) as caught:
        raise_bad_images(failures, images)
    assert caught.value.failures == failures
    assert pickle.loads(pickle.dumps(caught.value)).failures == failures


def test_five_bad_images_are_named_and_the_rest_counted() -> None:
    failures = dict.fromkeys(range(12), "the file is empty")
    with pytest.raises(ImageDecodeError, match=r"\.\.\. and 7 more\.$") as caught:
        raise_bad_images(failures, ["a.jpg"] * 12)
    assert str(caught.value).count("Cannot decode") == 5
    assert len(caught.value.failures) == 12


@pytest.mark.parametrize(
    ("image", "name"),
    [
        (b"1234", "<4 bytes>"),
        (np.zeros((2, 3)), r"<array of shape \(2, 3\)>"),
        (Image.new("L", (2, 2)), "<PIL image>"),
        (Path("a.jpg"), "'a.jpg'"),
    ],
)
def test_bad_images_without_a_path_are_described(image: Any, name: str) -> None:
    with pytest.raises(ImageDecodeError, match=f"Cannot decode {name} \\(image 1 of 1"):
        raise_bad_images({0: "why"}, [image])


def test_bad_images_are_found_without_resizing_any() -> None:
    good = np.zeros((4, 4, 3), dtype=np.uint8)
    found = find_bad_images([good, b"no image", None, good])
    assert set(found) == {1, 2}
    assert found[2] == "the image is missing"
