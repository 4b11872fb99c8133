"""What makes two images the same: a digest of their content."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from hybridml.exceptions import ImageDecodeError
from hybridml.images.decode import load_shared_pil, read_orientation
from hybridml.images.source import open_content

_PER_TASK = 64
_N_BYTES = 20


def digest_image(image: object) -> bytes:
    """Digest the content of one image; its name and time do not count.

    Parameters
    ----------
    image : str, path-like, bytes, PIL image or ndarray
        A file is digested byte by byte and agrees with its bytes under any name; an
        array by shape, dtype and values; a PIL image by mode, size, pixels, palette,
        transparency and EXIF orientation.

    Returns
    -------
    digest : bytes of length 20
        BLAKE2b. A file, an array and a PIL image of equal pixels have different ones.

    Raises
    ------
    ImageDecodeError
        If the image is missing or cannot be read; the message is the reason alone.
    TypeError
        If `image` is none of these kinds.

    Examples
    --------
    >>> pixels = np.arange(6, dtype=np.uint8).reshape(2, 3)
    >>> digest_image(pixels.T) == digest_image(pixels.T.copy())
    True
    """
    if image is None:
        raise ImageDecodeError("the image is missing")
    if isinstance(image, np.ndarray):
        return _digest_array(image)
    if isinstance(image, Image.Image):
        return _digest_pil(image)
    if isinstance(image, (str, os.PathLike, bytes)):
        return _digest_content(image)
    raise TypeError(
        f"Got image of type {type(image).__name__}; expected a path, bytes, "
        "a PIL image or an array."
    )


def digest_images(
    images: Sequence[Any] | npt.NDArray[Any],
    executor: ThreadPoolExecutor | None = None,
) -> tuple[list[bytes | None], dict[int, str]]:
    """Digest many images.

    Parameters
    ----------
    images : sequence or ndarray, as `as_images` returns it
        What `digest_image` takes, one element per image.
    executor : ThreadPoolExecutor or None, default=None
        Threads to read in. Do not call this function inside one of them.

    Returns
    -------
    digests : list of bytes or None
        In the order given; None for the images that failed.
    failures : dict of {int: str}
        Position of each image that cannot be read, with the reason.
    """

    def digest_one(position: int) -> bytes | str:
        try:
            return digest_image(images[position])
        except ImageDecodeError as exc:
            return str(exc)

    def digest_some(positions: range) -> list[bytes | str]:
        return [digest_one(position) for position in positions]

    # A small file takes less time to read than a task to hand over.
    every = range(len(images))
    parts = [every[i : i + _PER_TASK] for i in every[::_PER_TASK]]
    run = executor.map if executor is not None else map
    results = [result for part in run(digest_some, parts) for result in part]
    digests = [result if isinstance(result, bytes) else None for result in results]
    failures = {
        i: result for i, result in enumerate(results) if isinstance(result, str)
    }
    return digests, failures


def _digest_content(image: str | os.PathLike[str] | bytes) -> bytes:
    with open_content(image) as stream:
        try:
            digest = hashlib.file_digest(
                stream,  # type: ignore[arg-type]
                lambda: hashlib.blake2b(digest_size=_N_BYTES),
            )
        except OSError as exc:
            raise ImageDecodeError(exc.strerror or str(exc)) from exc
    return digest.digest()


def _digest_array(array: npt.NDArray[Any]) -> bytes:
    if array.dtype.hasobject:
        raise ImageDecodeError(f"its dtype is {array.dtype}, which holds no pixels")
    little_endian = array.dtype.newbyteorder("<")
    dense = np.ascontiguousarray(array, dtype=little_endian)
    header = repr((array.shape, little_endian.str))
    return _digest_parts(b"hybridml-array", header.encode(), dense.data)


def _digest_pil(image: Image.Image) -> bytes:
    try:
        load_shared_pil(image)
        palette = image.getpalette("RGBA") if image.mode in ("P", "PA") else None
        pixels = image.tobytes()
    except (ImageDecodeError, MemoryError):
        raise
    except Exception as exc:  # Pillow's plugins let almost any kind through
        raise ImageDecodeError(str(exc) or type(exc).__name__) from exc
    transparency = image.info.get("transparency")
    orientation = read_orientation(image)
    header = repr((image.mode, image.size, palette, transparency, orientation))
    return _digest_parts(b"hybridml-pil", header.encode(), pixels)


def _digest_parts(kind: bytes, header: bytes, content: bytes | memoryview) -> bytes:
    digest = hashlib.blake2b(header + b"\0", digest_size=_N_BYTES, person=kind)
    digest.update(content)
    return digest.digest()
