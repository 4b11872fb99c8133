"""Resizing the shorter side and cutting a square from the centre, on uint8 pixels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from torch import from_numpy
from torch.nn.functional import interpolate

from hybridml.exceptions import ImageDecodeError
from hybridml.images.decode import MAX_PIXELS


def resize_and_crop(
    pixels: npt.NDArray[np.uint8],
    out: npt.NDArray[np.uint8],
    *,
    resize: int,
    interpolation: str,
) -> None:
    """Do what torchvision's ``Resize(resize)`` and ``CenterCrop(crop)`` do on tensors.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, n_channels), uint8
    out : ndarray of shape (crop, crop, n_channels), uint8, all zero
        Where the square goes; it stays black where the image is smaller.
    resize : int
        Length of the shorter side after resizing, in pixels.
    interpolation : {"bilinear", "bicubic"}
        Antialiased.

    Raises
    ------
    ImageDecodeError
        If the image is so narrow that resizing would give over 178 million pixels.
    """
    resized = _resize_shorter_side(pixels, resize, interpolation)
    spans = [_spans(side, len(out)) for side in resized.shape[:2]]
    taken, put = zip(*spans, strict=True)
    out[put] = resized[taken]


def _resize_shorter_side(
    pixels: npt.NDArray[np.uint8], resize: int, interpolation: str
) -> npt.NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    short, long = sorted((height, width))
    new_long = int(resize * long / short)
    if resize * new_long > MAX_PIXELS:
        raise ImageDecodeError(
            f"its sides, {width} x {height} pixels, differ too much: "
            f"resized, it would hold {resize * new_long} pixels"
        )
    size = (resize, new_long) if width > height else (new_long, resize)
    if size == (height, width):
        return pixels
    # PyTorch warns of memory that it must not write to, though it only reads.
    dense = np.require(pixels, requirements=["C", "W"])
    # In this order of the axes it takes no copies to bring the channels first.
    image = from_numpy(dense[np.newaxis]).permute(0, 3, 1, 2)
    resized = interpolate(
        image, size=size, mode=interpolation, antialias=True, align_corners=False
    )
    result: npt.NDArray[np.uint8] = resized.permute(0, 2, 3, 1)[0].numpy()
    return result


def _spans(side: int, crop: int) -> tuple[slice, slice]:
    """Which pixels of a side are taken, and where in the square they go."""
    # torchvision rounds the two cases differently.
    if crop > side:
        before = (crop - side) // 2
        return slice(0, side), slice(before, before + side)
    start = round((side - crop) / 2)
    return slice(start, start + crop), slice(0, crop)
