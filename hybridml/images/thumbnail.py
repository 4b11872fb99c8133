"""A small JPEG of an image, to show it in a report."""

from __future__ import annotations

import io

from PIL import Image

from hybridml.images.decode import decode_image


def make_thumbnail(image: object, *, size: int = 160, quality: int = 80) -> bytes:
    """Shrink an image so that it fits into a square; a tiny one is enlarged.

    Parameters
    ----------
    image : str, path-like, bytes, PIL image or ndarray
    size : int, default=160
        Side of the square in pixels.
    quality : int, default=80
        JPEG's.

    Returns
    -------
    jpeg : bytes

    Raises
    ------
    ImageDecodeError
        If the image cannot be decoded.

    Examples
    --------
    >>> import numpy as np
    >>> small = Image.open(io.BytesIO(make_thumbnail(np.zeros((300, 600), np.uint8))))
    >>> small.size
    (160, 80)
    """
    pixels = Image.fromarray(decode_image(image))
    scale = size / max(pixels.size)
    fitted = [max(1, round(side * scale)) for side in pixels.size]
    # Enlarged pixels stay squares: blurred, an icon of 8 x 8 cannot be made out.
    how = Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.NEAREST
    buffer = io.BytesIO()
    pixels.resize(fitted, how).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
