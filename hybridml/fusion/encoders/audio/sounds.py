"""What may be passed as sounds, and the one form it takes inside."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

_EXPECTED = (
    "a sequence of paths of WAV files, bytes of such, arrays of samples, or tuples "
    "(samples, sample_rate)"
)


def as_sounds(X: object) -> npt.NDArray[np.object_]:
    """Bring whatever holds sounds into one array, without reading them.

    Parameters
    ----------
    X : sequence, ndarray, Series or one-column DataFrame
        Sounds as paths or URLs of WAV files, bytes of such, arrays of shape
        (n_samples,) or (n_samples, n_channels), or tuples of such an array and its
        samples a second; or numbers of shape (n_sounds, n_samples). None and NaN stand
        for a missing sound.

    Returns
    -------
    sounds : ndarray of shape (n_sounds,), object
        Elements are str, bytes, arrays, tuples or None.

    Raises
    ------
    TypeError
        If `X` is a single sound, or neither a sequence nor an array, or if one of its
        elements is no sound.
    ValueError
        If `X` is a table of several columns or an array of another shape.

    Examples
    --------
    >>> as_sounds(["moo.wav", None])
    array(['moo.wav', None], dtype=object)
    """
    if isinstance(X, pd.DataFrame):
        if X.shape[1] != 1:
            raise ValueError(
                f"Got X with {X.shape[1]} columns: {list(X.columns)!r}; expected one "
                "column of sounds. Select it with X[[name]]."
            )
        X = X.iloc[:, 0]
    if isinstance(X, (pd.Series, pd.Index, pd.api.extensions.ExtensionArray)):
        return _fill(X.to_numpy(dtype=object))
    if isinstance(X, np.ndarray):
        return _fill(_rows(X))
    if isinstance(X, Sequence) and not isinstance(X, (str, bytes, bytearray)):
        return _fill(X)
    shown = f"={X!r}" if isinstance(X, str) else f" of type {type(X).__name__}"
    raise TypeError(f"Got X{shown}; expected {_EXPECTED}. Of one sound, pass [X].")


def _rows(array: npt.NDArray[Any]) -> Collection[Any]:
    if array.dtype.kind in "OU" and array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    is_list = array.ndim == 1 and (array.dtype.kind in "OU" or array.size == 0)
    if is_list or (array.ndim == 2 and array.dtype.kind in "uif"):
        return list(array)
    cure = " Of one sound, pass [X]." if array.ndim == 1 else ""
    raise ValueError(
        f"Got X of shape {array.shape} and dtype {array.dtype}; expected {_EXPECTED}."
        f"{cure}"
    )


def _fill(elements: Collection[Any]) -> npt.NDArray[np.object_]:
    checked = [_as_element(element, i) for i, element in enumerate(elements)]
    sounds = np.empty(len(checked), dtype=object)
    # One by one: numpy would stack arrays of one length.
    for i, element in enumerate(checked):
        sounds[i] = element
    return sounds


def _as_element(element: Any, position: int) -> Any:
    if isinstance(element, (str, os.PathLike)):
        return str(os.fspath(element))
    if isinstance(element, (bytes, bytearray)):
        return bytes(element)
    if isinstance(element, np.ndarray) and element.dtype.kind in "uif":
        return element
    if isinstance(element, tuple) and len(element) == 2:
        samples, sample_rate = element
        if isinstance(samples, np.ndarray) and np.isscalar(sample_rate):
            return samples, sample_rate
    if _is_missing(element):
        return None
    raise TypeError(
        f"Got X[{position}] of type {type(element).__name__}; expected a path, bytes, "
        "an array of numbers, a tuple (samples, sample_rate), or None."
    )


def _is_missing(element: object) -> bool:
    if element is None or element is pd.NA or element is pd.NaT:
        return True
    return isinstance(element, (float, np.floating)) and bool(np.isnan(element))
