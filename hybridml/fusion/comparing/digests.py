"""By what rows of a table are known again: the content of all that is used of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from hybridml.comparing.identity import digest_all
from hybridml.features.store import FeatureStore

_FILES = (str, os.PathLike, bytes, np.ndarray, Image.Image)
_N_BYTES = 20


def digest_rows(
    frame: pd.DataFrame,
    columns: Sequence[Any],
    files: Collection[Any],
    store: FeatureStore | None = None,
) -> list[bytes]:
    """Digest every row, by the columns that are used.

    Parameters
    ----------
    frame : DataFrame
    columns : sequence of labels
    files : collection of labels
        Columns of images or sounds: of a path the content of the file counts.
    store : FeatureStore or None, default=None
        Remembers digests of files.

    Returns
    -------
    digests : list of bytes of length 20
    """
    digests = [hashlib.blake2b(digest_size=_N_BYTES) for _ in range(len(frame))]
    for column in columns:
        cells = frame[column]
        parts = _digest_files(cells, store) if column in files else _digest(cells)
        for digest, part in zip(digests, parts, strict=True):
            digest.update(len(part).to_bytes(4, "little") + part)
    return [digest.digest() for digest in digests]


def _digest_files(cells: pd.Series, store: FeatureStore | None) -> list[bytes]:
    """Digest the content of what is a file, a picture or an array."""
    values = cells.to_numpy(dtype=object)
    is_file = np.array([isinstance(value, _FILES) for value in values], dtype=bool)
    files = np.empty(int(is_file.sum()), dtype=object)
    for place, position in enumerate(np.flatnonzero(is_file)):
        files[place] = values[position]
    digests = iter(digest_all(files, store))
    return [
        next(digests) if is_one else _digest_cell(value)
        for is_one, value in zip(is_file, values, strict=True)
    ]


def _digest(cells: pd.Series) -> list[bytes]:
    if cells.dtype == object:
        return [_digest_cell(value) for value in cells]
    hashed = pd.util.hash_pandas_object(cells, index=False).to_numpy()
    return [value.tobytes() for value in hashed]


def _digest_cell(value: Any) -> bytes:
    if isinstance(value, np.ndarray):  # shown in short, it would lack its middle
        value = (value.dtype.str, value.tolist())
    return hashlib.blake2b(repr(value).encode(), digest_size=_N_BYTES).digest()
