"""How many images become one uint8 batch of one size."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from hybridml._checks import Problems, is_count, list_names
from hybridml.exceptions import ImageDecodeError
from hybridml.images.channels import array_channels
from hybridml.images.resizing import resize_and_crop

_INTERPOLATIONS = ("bilinear", "bicubic")


def load_batch(
    images: Sequence[Any] | npt.NDArray[Any],
    *,
    resize: int,
    crop: int,
    interpolation: str = "bilinear",
    channels: int = 3,
    executor: ThreadPoolExecutor | None = None,
) -> tuple[npt.NDArray[np.uint8], dict[int, str]]:
    """Decode images, resize their shorter sides and cut squares from their centres.

    The pixels equal those of torchvision's ``Resize(resize)`` and ``CenterCrop(crop)``
    on uint8 tensors: antialiased, black around images that are smaller than the crop.
    On PIL images torchvision may round single pixels to the neighbouring value.

    Parameters
    ----------
    images : sequence or ndarray, as `as_images` returns it
        What `decode_image` takes, one element per image.
    resize : int
        Length of the shorter side after resizing, in pixels.
    crop : int
        Side of the square, in pixels.
    interpolation : {"bilinear", "bicubic"}, default="bilinear"
        Filter for resizing.
    channels : int, default=3
        1 gives the luminance; numbers other than 1 and 3 need arrays that have them.
    executor : ThreadPoolExecutor or None, default=None
        Threads to decode in; most of the work releases the interpreter lock. Do not
        call this function inside one of them.

    Returns
    -------
    pixels : ndarray of shape (n_images, crop, crop, channels), uint8
        In the order given; zeros for the images that failed.
    failures : dict of {int: str}
        Position of each bad image, with the reason, in ascending order.

    Raises
    ------
    InvalidParameterError
        If `resize`, `crop` or `interpolation` are not as above.

    Examples
    --------
    >>> grey = np.full((40, 60), 7, dtype=np.uint8)
    >>> pixels, failures = load_batch([grey, None], resize=32, crop=24)
    >>> pixels.shape, failures
    ((2, 24, 24, 3), {1: 'the image is missing'})
    """
    _check_parameters(resize, crop, interpolation)
    pixels = np.zeros((len(images), crop, crop, channels), dtype=np.uint8)

    def load_one(position: int) -> str | None:
        try:
            decoded, out = array_channels(images[position], channels), pixels[position]
            resize_and_crop(decoded, out, resize=resize, interpolation=interpolation)
        except ImageDecodeError as exc:
            return str(exc)
        return None

    run = executor.map if executor is not None else map
    reasons = enumerate(run(load_one, range(len(images))))
    return pixels, {i: reason for i, reason in reasons if reason is not None}


def _check_parameters(resize: object, crop: object, interpolation: object) -> None:
    problems = Problems("load_batch")
    problems.expect(is_count(resize), "resize", resize, "a positive integer")
    problems.expect(is_count(crop), "crop", crop, "a positive integer")
    known = interpolation in _INTERPOLATIONS
    expected = list_names(_INTERPOLATIONS)
    problems.expect(known, "interpolation", interpolation, expected)
    problems.raise_all()
