from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from hybridml.exceptions import ImageDecodeError
from hybridml.images.thumbnail import make_thumbnail


@pytest.mark.parametrize(
    ("shape", "size"),
    [((300, 600, 3), (160, 80)), ((8, 8), (160, 160)), ((1000, 1, 3), (1, 160))],
)
def test_thumbnail_fits_into_the_square(
    shape: tuple[int, ...], size: tuple[int, int]
) -> None:
    jpeg = make_thumbnail(np.zeros(shape, np.uint8))
    assert Image.open(io.BytesIO(jpeg)).size == size


def test_thumbnail_shows_the_image() -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    image[:, 100:] = 255
    shown = np.asarray(Image.open(io.BytesIO(make_thumbnail(image))))
    assert shown[:, :70].mean() < 5
    assert shown[:, -70:].mean() > 250


def test_image_that_cannot_be_decoded_is_refused() -> None:
    with pytest.raises(ImageDecodeError):
        make_thumbnail(b"no image")
