from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from hybridml.exceptions import ImageDecodeError
from hybridml.images.modes import to_rgb

RED = (255, 0, 0)


def first_pixel(image: Image.Image) -> tuple[int, ...]:
    return tuple(np.asarray(image)[0, 0].tolist())


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 7, (7, 7, 7)),
        ("P", 7, None),
        ("RGB", RED, RED),
        ("RGBX", (*RED, 0), RED),
        ("RGBA", (*RED, 255), RED),
        ("RGBA", (*RED, 0), (255, 255, 255)),
        ("RGBA", (*RED, 128), (255, 127, 127)),
        ("RGBa", (128, 0, 0, 128), (255, 127, 127)),
        ("LA", (0, 255), (0, 0, 0)),
        ("LA", (0, 0), (255, 255, 255)),
        ("La", (0, 51), (204, 204, 204)),
        ("CMYK", (0, 255, 255, 0), RED),
        ("YCbCr", (76, 85, 255), (254, 0, 0)),
        ("HSV", (0, 255, 255), RED),
        ("LAB", (255, 128, 128), (255, 255, 255)),
        ("I;16", 25700, (100, 100, 100)),
        ("I", 25700, (100, 100, 100)),
        ("F", 0.4, (102, 102, 102)),
    ],
)
def test_every_mode_becomes_rgb(
    mode: str, colour: Any, expected: tuple[int, ...] | None
) -> None:
    image = Image.new(mode, (3, 2), colour)
    converted = to_rgb(image)
    assert converted.mode == "RGB"
    assert converted.size == (3, 2)
    if expected is not None:
        assert first_pixel(converted) == pytest.approx(expected, abs=1)


def palette_image(transparency: Any = None, *, mode: str = "P") -> Image.Image:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putdata([0, 1])
    if transparency is not None:
        image.info["transparency"] = transparency
    return image.convert(mode)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (palette_image(), [RED, (0, 0, 255)]),
        (palette_image(0), [(255, 255, 255), (0, 0, 255)]),
        (palette_image(bytes([255, 0])), [RED, (255, 255, 255)]),
        (palette_image(mode="PA"), [RED, (0, 0, 255)]),
    ],
)
def test_palettes_are_resolved_and_laid_on_white(
    image: Image.Image, expected: list[tuple[int, ...]]
) -> None:
    assert [tuple(p) for p in np.asarray(to_rgb(image))[0].tolist()] == expected


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "I;16L"])
def test_16_bit_grey_is_not_clipped_to_white(mode: str) -> None:
    values = np.array([[0, 256, 32896, 65535]], dtype=np.uint16)
    order = ">u2" if mode == "I;16B" else "<u2"
    content = values.astype(order).tobytes()
    image = Image.frombytes(mode, (4, 1), content)
    assert np.asarray(to_rgb(image))[0, :, 0].tolist() == [0, 1, 128, 255]


@pytest.mark.parametrize(
    ("mode", "values", "reason"),
    [
        ("I", 70000, "integers run from 70000 to 70000; expected 16 bits"),
        ("I", -1, "integers run from -1"),
        ("F", 200.0, r"floats run from 200 to 200; expected \[0, 1\]"),
    ],
)
def test_deep_values_without_a_white_are_refused(
    mode: str, values: Any, reason: str
) -> None:
    with pytest.raises(ImageDecodeError, match=reason):
        to_rgb(Image.new(mode, (2, 2), values))


def test_the_image_given_is_not_changed() -> None:
    image = palette_image(0)
    before = (image.mode, image.tobytes(), dict(image.info), image.getpalette())
    to_rgb(image)
    assert (image.mode, image.tobytes(), dict(image.info), image.getpalette()) == before
