"""How many images become one uint8 batch of one size, and what is said of bad ones."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from hybridml._checks import Problems, is_count, list_names
from hybridml.exceptions import ImageDecodeError
from hybridml.images.channels import array_channels
from hybridml.images.decode import MAX_PIXELS, decode_to_pil

_RESAMPLING = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}
_N_NAMED = 5


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
    on PIL images: antialiased, rounded the same way, black around images that are
    smaller than the crop.

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
        Threads to decode in; Pillow releases the interpreter lock. Do not call this
        function inside one of them.

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

    def fit(image: Image.Image) -> npt.NDArray[np.uint8]:
        resized = _resize_shorter_side(image, resize, interpolation)
        return np.asarray(_crop_centre(resized, crop))

    def load_one(position: int) -> str | None:
        try:
            if channels == 3:
                pixels[position] = fit(decode_to_pil(images[position]))
                return None
            bands = array_channels(images[position], channels)
            for i in range(channels):
                band = Image.fromarray(np.ascontiguousarray(bands[:, :, i]))
                pixels[position, :, :, i] = fit(band)
        except ImageDecodeError as exc:
            return str(exc)
        return None

    run = executor.map if executor is not None else map
    reasons = enumerate(run(load_one, range(len(images))))
    return pixels, {i: reason for i, reason in reasons if reason is not None}


def find_bad_images(images: Sequence[Any] | npt.NDArray[Any]) -> dict[int, str]:
    """Decode all images, one thread a core, and keep only what is wrong with some.

    Parameters
    ----------
    images : sequence or ndarray, as `as_images` returns it

    Returns
    -------
    failures : dict of {int: str}
        Position of each image that cannot be decoded, with the reason.
    """

    def find(image: Any) -> str | None:
        try:
            decode_to_pil(image)
        except ImageDecodeError as exc:
            return str(exc)
        return None

    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        reasons = list(threads.map(find, images))
    return {i: reason for i, reason in enumerate(reasons) if reason is not None}


def raise_bad_images(
    failures: Mapping[int, str], images: Sequence[Any] | npt.NDArray[Any]
) -> None:
    """Raise one error for all the images that failed; do nothing if none did.

    Parameters
    ----------
    failures : mapping of {int: str}
        Position in `images` of each bad image, with the reason.
    images : sequence or ndarray
        All the images, for their names and their number.

    Raises
    ------
    ImageDecodeError
        Naming five and counting the rest, with `failures` attached.

    Examples
    --------
    >>> raise_bad_images({1: "the file is empty"}, ["a.jpg", "b.jpg"])
    Traceback (most recent call last):
    ...
    hybridml.exceptions.ImageDecodeError: Cannot decode 'b.jpg' (image 2 of 2): the ...
    """
    if not failures:
        return
    positions = sorted(failures)
    lines = [
        f"Cannot decode {_name(images[i])} (image {i + 1} of {len(images)}): "
        f"{failures[i]}"
        for i in positions[:_N_NAMED]
    ]
    n_more = len(positions) - len(lines)
    if n_more:
        lines.append(f"... and {n_more} more.")
    raise ImageDecodeError("\n".join(lines), {int(i): failures[i] for i in positions})


def _check_parameters(resize: object, crop: object, interpolation: object) -> None:
    problems = Problems("load_batch")
    problems.expect(is_count(resize), "resize", resize, "a positive integer")
    problems.expect(is_count(crop), "crop", crop, "a positive integer")
    known = interpolation in list(_RESAMPLING)
    expected = list_names(_RESAMPLING)
    problems.expect(known, "interpolation", interpolation, expected)
    problems.raise_all()


def _resize_shorter_side(
    image: Image.Image, resize: int, interpolation: str
) -> Image.Image:
    short, long = sorted(image.size)
    new_long = int(resize * long / short)
    if resize * new_long > MAX_PIXELS:
        raise ImageDecodeError(
            f"its sides, {image.width} x {image.height} pixels, differ too much: "
            f"resized, it would hold {resize * new_long} pixels"
        )
    landscape = image.width > image.height
    size = (new_long, resize) if landscape else (resize, new_long)
    if size == image.size:
        return image
    return image.resize(size, _RESAMPLING[interpolation])


def _crop_centre(image: Image.Image, crop: int) -> Image.Image:
    left, top = (_crop_start(side, crop) for side in image.size)
    return image.crop((left, top, left + crop, top + crop))


def _crop_start(side: int, crop: int) -> int:
    # torchvision rounds the two cases differently; negative means padding.
    return -((crop - side) // 2) if crop > side else round((side - crop) / 2)


def _name(image: object) -> str:
    if isinstance(image, (str, os.PathLike)):
        return repr(os.fspath(image))
    if isinstance(image, bytes):
        return f"<{len(image)} bytes>"
    if isinstance(image, np.ndarray):
        return f"<array of shape {image.shape}>"
    if isinstance(image, Image.Image):
        file_name = getattr(image, "filename", "")
        return repr(file_name) if file_name else "<PIL image>"
    return "<no image>"
