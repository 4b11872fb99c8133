"""Images of any number of channels as uint8 arrays."""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt
from PIL import Image

from hybridml.exceptions import ImageDecodeError
from hybridml.images.arrays import scale_to_uint8
from hybridml.images.decode import decode_to_pil


def array_channels(image: object, channels: int) -> npt.NDArray[np.uint8]:
    """Decode one image to so many channels.

    Parameters
    ----------
    image : str, path-like, bytes, PIL image or ndarray
        For one and three channels, whatever `decode_image` takes; for other numbers,
        an array of shape (height, width, channels): uint8, uint16, bool or floats in
        [0, 1].
    channels : int
        1 gives the luminance, 3 red, green and blue.

    Returns
    -------
    pixels : ndarray of shape (height, width, channels), uint8

    Raises
    ------
    ImageDecodeError
        If the image cannot be decoded, or has another number of channels; the message
        is the reason alone.
    TypeError
        If `image` is of none of these kinds.

    Examples
    --------
    >>> array_channels(np.zeros((2, 4, 5)), 5).shape
    (2, 4, 5)
    """
    if channels == 3:
        return np.asarray(decode_to_pil(image))
    if channels == 1:
        return np.asarray(decode_to_pil(image).convert("L"))[:, :, np.newaxis]
    if isinstance(image, (str, os.PathLike, bytes, Image.Image)):
        raise ImageDecodeError(
            f"only arrays have {channels} channels: read it with a library for such "
            f"files and pass an array of shape (height, width, {channels})"
        )
    if not isinstance(image, np.ndarray):
        return np.asarray(decode_to_pil(image))  # which says what is wrong with it
    _check_shape(image.shape, channels)
    return scale_to_uint8(image)


def _check_shape(shape: tuple[int, ...], channels: int) -> None:
    expected = f"(height, width, {channels})"
    if len(shape) != 3 or shape[2] != channels:
        first = len(shape) == 3 and shape[0] == channels
        hint = "; the channels come first" if first else ""
        raise ImageDecodeError(f"its shape is {shape}; expected {expected}{hint}")
    if 0 in shape:
        raise ImageDecodeError(f"it has no pixels: its shape is {shape}")
