"""What may be passed as images, and the one form it takes inside."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

_EXPECTED = (
    "a sequence of paths, bytes, PIL images or arrays, "
    "or an array of shape (n, height, width[, channels])"
)
_SINGLE = (str, bytes, bytearray, memoryview, os.PathLike, Image.Image)
_CHANNELS = (1, 3, 4)
_MADE_OF_ANY = (1, 3)  # channels that every image can be brought to


def as_images(X: object, *, channels: int = 3) -> npt.NDArray[Any]:
    """Bring whatever holds images into one indexable form, without decoding them.

    Parameters
    ----------
    X : sequence, ndarray, Series or one-column DataFrame
        Images as paths or URLs, encoded bytes, PIL images or arrays, in any mixture;
        or a stack of shape (n, height, width) or (n, height, width, 1 | 3 | 4).
        None and NaN stand for a missing image.
    channels : int, default=3
        How many the images are to have in the end. If not 1 or 3, a stack must have
        them: (n, height, width, channels).

    Returns
    -------
    images : ndarray of shape (n,), object, or the stack itself
        Elements are str, bytes, PIL images, arrays or None. A stack is not copied.

    Raises
    ------
    TypeError
        If `X` is a single image, or neither a sequence nor an array, or if one of its
        elements is no image.
    ValueError
        If `X` is a table of several columns or an array of another shape.

    Examples
    --------
    >>> from pathlib import Path
    >>> as_images([Path("cats/1.jpg"), None])
    array(['cats/1.jpg', None], dtype=object)
    """
    if isinstance(X, np.ndarray):
        return _from_array(X, channels)
    if isinstance(X, pd.DataFrame):
        return _from_frame(X)
    if isinstance(X, (pd.Series, pd.Index, pd.api.extensions.ExtensionArray)):
        return _fill(X.to_numpy(dtype=object))
    if isinstance(X, _SINGLE):
        _refuse_single(X)
    if isinstance(X, Sequence):
        return _fill(X)
    raise TypeError(
        f"Got X of type {type(X).__name__}; expected {_EXPECTED}. "
        "list(X) makes a sequence of what can be iterated."
    )


def _from_frame(frame: pd.DataFrame) -> npt.NDArray[Any]:
    if frame.shape[1] != 1:
        raise ValueError(
            f"Got X with {frame.shape[1]} columns: {list(frame.columns)!r}; expected "
            "one column of images. Select it with X[[name]]."
        )
    return _fill(frame.iloc[:, 0].to_numpy(dtype=object))


def _from_array(array: npt.NDArray[Any], channels: int) -> npt.NDArray[Any]:
    if array.dtype.kind == "S":
        raise ValueError(
            f"Got X of dtype {array.dtype}; expected dtype object for encoded bytes, "
            "since numpy drops the zero bytes at their end."
        )
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 1 and (array.dtype.kind in "OUT" or array.size == 0):
        return _fill(array.astype(object))
    if array.dtype.kind in "buif" and _is_stack(array.shape, channels):
        return array
    expected = _EXPECTED
    if channels not in _MADE_OF_ANY:
        expected = f"an array of shape (n, height, width, {channels}) or a list of such"
    raise ValueError(
        f"Got X of shape {array.shape} and dtype {array.dtype}; expected {expected}."
        f"{_shape_cure(array.shape, channels)}"
    )


def _is_stack(shape: tuple[int, ...], channels: int) -> bool:
    if channels not in _MADE_OF_ANY:
        return len(shape) == 4 and shape[3] == channels
    if len(shape) == 4:
        return shape[3] in _CHANNELS
    return len(shape) == 3 and not _looks_like_one_image(shape)


def _looks_like_one_image(shape: tuple[int, ...]) -> bool:
    # Read as a stack, it would hold grey images three or four pixels wide.
    return len(shape) == 3 and shape[2] in (3, 4) and min(shape[:2]) >= 16


def _shape_cure(shape: tuple[int, ...], channels: int) -> str:
    has_any = channels in _MADE_OF_ANY
    if len(shape) == 3 and shape[2] == channels and not has_any:
        return " It looks like one image: pass X[np.newaxis]."
    if has_any and _looks_like_one_image(shape):
        return " It looks like one colour image: pass X[np.newaxis]."
    if len(shape) == 4 and shape[1] in (_CHANNELS if has_any else (channels,)):
        return " The channels come first: pass X.transpose(0, 2, 3, 1)."
    if has_any and len(shape) == 4:
        return f" Of an extractor, in_channels={shape[3]} takes such images."
    return ""


def _fill(elements: Collection[Any]) -> npt.NDArray[Any]:
    if set(map(type, elements)) == {str}:
        return np.array(list(elements), dtype=object)  # quick for many paths
    checked = [_as_element(element, i) for i, element in enumerate(elements)]
    images = np.empty(len(checked), dtype=object)
    # One by one: numpy would stack arrays of one shape.
    for i, element in enumerate(checked):
        images[i] = element
    return images


def _as_element(element: Any, position: int) -> Any:
    if isinstance(element, (str, os.PathLike)):
        return str(os.fspath(element))
    if isinstance(element, (bytes, bytearray)):
        return bytes(element)
    if isinstance(element, (Image.Image, np.ndarray)):
        return element
    if _is_missing(element):
        return None
    raise TypeError(
        f"Got X[{position}] of type {type(element).__name__}; expected a path, bytes, "
        "a PIL image, an array or None."
    )


def _is_missing(element: object) -> bool:
    if element is None or element is pd.NA or element is pd.NaT:
        return True
    return isinstance(element, (float, np.floating)) and bool(np.isnan(element))


def _refuse_single(X: object) -> NoReturn:
    shown = f"={X!r}" if isinstance(X, str) else f" of type {type(X).__name__}"
    raise TypeError(
        f"Got X{shown}, a single image; expected {_EXPECTED}. Wrap it in a list: [X]."
    )
