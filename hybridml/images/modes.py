"""How a PIL image of any mode becomes one of mode RGB."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from hybridml.exceptions import ImageDecodeError
from hybridml.images.arrays import scale_to_uint8


def to_rgb(image: Image.Image) -> Image.Image:
    """Convert to 8-bit RGB: deep greys scaled, transparency laid on white.

    Parameters
    ----------
    image : PIL image
        Of any mode, its pixels loaded.

    Raises
    ------
    ImageDecodeError
        If 32-bit values leave the range of 16-bit integers or of floats in [0, 1].
    """
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _deep_grey_to_rgb(image)
    if image.has_transparency_data:
        return _lay_on_white(image)
    if image.mode == "LAB":
        return _lab_to_rgb(image)
    return image if image.mode == "RGB" else image.convert("RGB")


def _deep_grey_to_rgb(image: Image.Image) -> Image.Image:
    values: npt.NDArray[Any] = np.asarray(image)
    if values.dtype.kind == "i":
        low, high = int(values.min()), int(values.max())
        if low < 0 or high > 65535:
            raise ImageDecodeError(
                f"its integers run from {low} to {high}; expected 16 bits, 0 to 65535"
            )
        values = values.astype(np.uint16)
    grey = scale_to_uint8(values)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        grey[values == transparent] = 255
    return Image.fromarray(grey).convert("RGB")


def _lay_on_white(image: Image.Image) -> Image.Image:
    straight = {"La": "LA", "RGBa": "RGBA"}.get(image.mode)
    rgba = (image.convert(straight) if straight else image).convert("RGBA")
    laid = Image.new("RGB", image.size, "white")
    laid.paste(rgba, mask=rgba.getchannel("A"))
    return laid


def _lab_to_rgb(image: Image.Image) -> Image.Image:
    from PIL import ImageCms  # needs LittleCMS, which few images do

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    if converted is None:
        raise ImageDecodeError("its LAB colours cannot be converted")
    return converted
