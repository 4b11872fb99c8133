"""How the numbers of an image array become uint8."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from hybridml.exceptions import ImageDecodeError

_TOLERANCE = 1e-5  # of float arithmetic around 0 and 1


def array_to_pil(array: npt.NDArray[Any]) -> Image.Image:
    """Make a PIL image of mode L, RGB or RGBA from an image array.

    Parameters
    ----------
    array : ndarray of shape (height, width) or (height, width, 1 | 3 | 4)
        uint8, uint16 (65535 is white), bool, or floats in [0, 1].

    Raises
    ------
    ImageDecodeError
        If the shape, the dtype or the values are none of these.
    """
    _check_shape(array.shape)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    return Image.fromarray(np.ascontiguousarray(scale_to_uint8(array)))


def scale_to_uint8(pixels: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Scale pixel values so that their type's white becomes 255.

    Raises
    ------
    ImageDecodeError
        If the dtype has no white, or floats lie outside [0, 1].

    Examples
    --------
    >>> scale_to_uint8(np.array([[0, 257, 65535]], dtype=np.uint16))
    array([[  0,   1, 255]], dtype=uint8)
    """
    kind, n_bytes = pixels.dtype.kind, pixels.dtype.itemsize
    if kind == "u" and n_bytes == 1:
        return pixels
    if kind == "u" and n_bytes == 2:
        return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if kind == "b":
        return pixels.astype(np.uint8) * np.uint8(255)
    if kind == "f":
        return _scale_floats(pixels)
    raise ImageDecodeError(
        f"its dtype is {pixels.dtype}; expected uint8, uint16, bool or floats in [0, 1]"
    )


def _scale_floats(pixels: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    low, high = float(pixels.min()), float(pixels.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ImageDecodeError("it holds NaN or infinity")
    if low < -_TOLERANCE or high > 1 + _TOLERANCE:
        raise ImageDecodeError(
            f"its floats run from {low:.6g} to {high:.6g}; expected [0, 1]"
        )
    unit = np.clip(pixels.astype(np.float32), 0, 1)
    return np.rint(unit * 255).astype(np.uint8)


def _check_shape(shape: tuple[int, ...]) -> None:
    expected = "(height, width) or (height, width, 1 | 3 | 4)"
    if len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] not in (1, 3, 4)):
        first = len(shape) == 3 and shape[0] in (1, 3, 4)
        hint = "; the channels come first" if first else ""
        raise ImageDecodeError(f"its shape is {shape}; expected {expected}{hint}")
    if 0 in shape:
        raise ImageDecodeError(f"it has no pixels: its shape is {shape}")
