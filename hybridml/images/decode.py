"""How any image becomes 8-bit RGB."""

from __future__ import annotations

import os
import struct
import threading
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from hybridml.exceptions import ImageDecodeError
from hybridml.images.arrays import array_to_pil
from hybridml.images.modes import to_rgb
from hybridml.images.source import open_content

MAX_PIXELS = 178_000_000
_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_RUNS_A_PROGRAM = {"EPS"}  # Pillow hands these to Ghostscript
_loading = threading.Lock()


def decode_image(image: object) -> npt.NDArray[np.uint8]:
    """Decode one image to 8-bit RGB, upright, transparency laid on white.

    Parameters
    ----------
    image : str, path-like, bytes, PIL image or ndarray
        A file or URL, its encoded bytes, or pixels: PIL images of any mode; arrays of
        shape (height, width[, 1 | 3 | 4]), uint8, uint16, bool or floats in [0, 1].
        Of an animation, the first frame is taken.

    Returns
    -------
    pixels : ndarray of shape (height, width, 3), uint8
        A new array, never a view of `image`.

    Raises
    ------
    ImageDecodeError
        If the image is missing, unreadable, damaged or larger than 178 million pixels;
        the message is the reason alone.
    TypeError
        If `image` is none of these kinds.

    Examples
    --------
    >>> decode_image(np.array([[0.0, 1.0]])).tolist()
    [[[0, 0, 0], [255, 255, 255]]]
    """
    return np.array(decode_to_pil(image), dtype=np.uint8)


def decode_to_pil(image: object) -> Image.Image:
    """Decode one image to a PIL image of mode RGB; see `decode_image`."""
    if image is None:
        raise ImageDecodeError("the image is missing")
    if not isinstance(image, (str, os.PathLike, bytes, Image.Image, np.ndarray)):
        raise TypeError(
            f"Got image of type {type(image).__name__}; expected a path, bytes, "
            "a PIL image or an array."
        )
    try:
        return _decode(image)
    except (ImageDecodeError, ImportError, MemoryError):
        raise  # the last two are the machine's fault, not the image's
    except Exception as exc:  # Pillow's plugins let almost any kind through
        raise ImageDecodeError(_reason(exc)) from exc


def read_header(stream: BinaryIO) -> tuple[str, tuple[int, int]]:
    """Read format, width and height of an image, without decoding its pixels.

    Parameters
    ----------
    stream : binary file

    Returns
    -------
    format : str
        As Pillow calls it: "JPEG", "PNG" ...
    size : tuple of (int, int)

    Raises
    ------
    ImageDecodeError
        If it is no image.
    """
    try:
        opened = _open(stream)
        return str(opened.format), opened.size
    except (ImageDecodeError, MemoryError):
        raise
    except Exception as exc:  # Pillow's plugins let almost any kind through
        raise ImageDecodeError(_reason(exc)) from exc


def load_pil(image: Image.Image) -> None:
    """Read the pixels of a PIL image that may have been opened lazily.

    Raises
    ------
    ImageDecodeError
        If it has more than 178 million pixels, or none.
    """
    n_pixels = image.width * image.height
    if n_pixels > MAX_PIXELS:
        raise ImageDecodeError(
            f"it holds {n_pixels} pixels, a decompression bomb; "
            f"the limit is {MAX_PIXELS}"
        )
    if n_pixels == 0:
        raise ImageDecodeError(f"it has no pixels: its size is {image.size}")
    image.load()


def load_shared_pil(image: Image.Image) -> None:
    """Do `load_pil` on an image that other threads may be loading as well."""
    with _loading:
        load_pil(image)


def read_orientation(image: Image.Image) -> int:
    """EXIF orientation of a loaded PIL image, 1 to 8; 1 where there is none."""
    try:
        orientation = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # a damaged EXIF block does not damage the pixels
        return 1
    return orientation if orientation in _UPRIGHT else 1


def _reason(exc: Exception) -> str:
    return (str(exc).strip() or type(exc).__name__).splitlines()[0]


def _decode(image: Any) -> Image.Image:
    if isinstance(image, np.ndarray):
        return to_rgb(array_to_pil(image))
    if isinstance(image, Image.Image):
        load_shared_pil(image)
        return _upright(to_rgb(image), read_orientation(image))
    with open_content(image) as stream:
        opened = _open(stream)
        load_pil(opened)
        # Asked after loading, since some Pillow versions turn TIFF images themselves.
        return _upright(to_rgb(opened), read_orientation(opened))


def _open(stream: BinaryIO) -> Image.Image:
    """Do what PIL.Image.open does, without its warning about large images.

    That warning could only be silenced through global state, which other threads share.
    """
    prefix = stream.read(16)
    if not prefix:
        raise ImageDecodeError("the file is empty")
    tried = set(_RUNS_A_PROGRAM)
    for load_plugins in (Image.preinit, Image.init):
        load_plugins()
        for name in [name for name in Image.ID if name not in tried]:
            tried.add(name)
            opened = _open_as(name, stream, prefix)
            if opened is not None:
                return opened
    raise ImageDecodeError("its bytes are no image that Pillow can read")


def _open_as(name: str, stream: BinaryIO, prefix: bytes) -> Image.Image | None:
    factory, accept = Image.OPEN[name]
    accepted = accept(prefix) if accept else True
    if isinstance(accepted, str) or not accepted:
        return None
    stream.seek(0)
    try:
        return factory(stream, "")
    except (SyntaxError, IndexError, TypeError, struct.error):
        return None  # how a plugin says that the file is not its own


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    if orientation == 1:
        return image
    return image.transpose(_UPRIGHT[orientation])
