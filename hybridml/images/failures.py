"""What is said of images that cannot be decoded."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from hybridml.exceptions import ImageDecodeError
from hybridml.images.decode import decode_to_pil

_N_NAMED = 5


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
    failures: Mapping[int, str],
    images: Sequence[Any] | npt.NDArray[Any],
    *,
    what: str = "image",
) -> None:
    """Raise one error for all the images that failed; do nothing if none did.

    Parameters
    ----------
    failures : mapping of {int: str}
        Position in `images` of each bad image, with the reason.
    images : sequence or ndarray
        All the images, for their names and their number.
    what : str, default="image"
        What they are called in the message.

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
        f"Cannot decode {_name(images[i], what)} ({what} {i + 1} of {len(images)}): "
        f"{failures[i]}"
        for i in positions[:_N_NAMED]
    ]
    n_more = len(positions) - len(lines)
    if n_more:
        lines.append(f"... and {n_more} more.")
    raise ImageDecodeError("\n".join(lines), {int(i): failures[i] for i in positions})


def _name(image: object, what: str) -> str:
    if isinstance(image, (str, os.PathLike)):
        return repr(os.fspath(image))
    if isinstance(image, bytes):
        return f"<{len(image)} bytes>"
    if isinstance(image, np.ndarray):
        return f"<array of shape {image.shape}>"
    if isinstance(image, Image.Image):
        file_name = getattr(image, "filename", "")
        return repr(file_name) if file_name else "<PIL image>"
    if isinstance(image, tuple):  # samples, with their rate
        return _name(image[0], what)
    return f"<no {what}>"
