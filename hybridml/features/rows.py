"""What is done to the rows of a feature store inside one transaction."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from operator import itemgetter
from typing import Any

import lmdb
import numpy as np
import numpy.typing as npt

from hybridml.features.codec import (
    RowLayout,
    is_sound,
    pack_time,
    unpack_time,
)
from hybridml.features.opening import Databases, Transaction

UNSOUND = ("damaged", "unlisted", "missing")
_HOUR_S = 3600


def copy_rows(
    databases: Databases,
    transaction: Transaction,
    keys: Sequence[bytes],
    layout: RowLayout,
    wanted: Sequence[int],
    out: npt.NDArray[np.float32],
) -> npt.NDArray[np.bool_]:
    """Copy the wanted fields of those rows that are there and sound into `out`.

    Parameters
    ----------
    out : ndarray of shape (n_keys, n_columns), float32, C-contiguous
    """
    found = np.zeros(len(keys), dtype=bool)
    if not out.size:
        return found
    target, row_bytes = out.data.cast("B"), out.strides[0]
    spans, pieces_of, get = layout.spans(wanted), layout.pieces, transaction.get
    for i, start, key in zip(count(), count(0, row_bytes), keys, strict=False):
        value = get(key, None, databases.rows)
        pieces = None if value is None else pieces_of(key, value, spans)
        if pieces is None:
            continue
        for piece in pieces:
            end = start + len(piece)
            target[start:end] = piece
            start = end
        found[i] = True
    return found


def put_rows(
    databases: Databases,
    transaction: Transaction,
    rows: Mapping[bytes, bytes],
) -> None:
    """Keep packed rows under their keys, as used just now."""
    now = pack_time(time.time())
    for key, value in rows.items():
        transaction.put(key, value, db=databases.rows)
        transaction.put(key, now, db=databases.used)


def long_unused(
    databases: Databases, transaction: Transaction, keys: Sequence[bytes]
) -> list[bytes]:
    """Return those of the rows whose last use was noted more than an hour ago."""
    # An hour is exact enough for eviction, and saves most of the writing.
    recent = time.time() - _HOUR_S
    get, used = transaction.get, databases.used
    return [
        key
        for key in keys
        if (last := get(key, None, used)) is not None and unpack_time(last) < recent
    ]


def note_use(
    databases: Databases, transaction: Transaction, keys: Sequence[bytes]
) -> None:
    """Note that rows were used just now, unless they were evicted meanwhile."""
    now = pack_time(time.time())
    for key in keys:
        if transaction.get(key, db=databases.used) is not None:
            transaction.put(key, now, db=databases.used)


def evict(databases: Databases, transaction: Transaction, max_bytes: int) -> int:
    """Drop the rows unused for longest until at most `max_bytes` are in use."""
    excess = databases.bytes_in_use(transaction) - max_bytes
    if excess <= 0:
        return 0
    ages = sorted(_entries(databases.used, transaction), key=itemgetter(1))
    for n_evicted, (key, _) in enumerate(ages):
        # The size in use counts pages, and is what the limit is about.
        if databases.bytes_in_use(transaction) <= max_bytes:
            return n_evicted
        drop_row(databases, transaction, key)
    return len(ages)


def drop_row(databases: Databases, transaction: Transaction, key: bytes) -> None:
    """Remove one row."""
    transaction.delete(key, db=databases.rows)
    transaction.delete(key, db=databases.used)


def repair_rows(
    databases: Databases,
    transaction: Transaction,
    unsound: Mapping[str, list[bytes]],
) -> None:
    """Drop the rows that are damaged or missing, and list the unlisted ones."""
    now = pack_time(time.time())
    for key in (*unsound["damaged"], *unsound["missing"]):
        drop_row(databases, transaction, key)
    for key in unsound["unlisted"]:
        transaction.put(key, now, db=databases.used)


def unsound_rows(
    databases: Databases, transaction: Transaction
) -> dict[str, list[bytes]]:
    """Find what is wrong with the rows, by kind.

    Returns
    -------
    found : dict of {str: list of bytes}
        Keys of "damaged" rows, of "unlisted" ones, whose use is not noted, and those
        "missing": their use is noted, but there is no row.
    """
    found: dict[str, list[bytes]] = {kind: [] for kind in UNSOUND}
    for key, value in _entries(databases.rows, transaction):
        if not is_sound(key, value):
            found["damaged"].append(key)
        elif transaction.get(key, db=databases.used) is None:
            found["unlisted"].append(key)
    for key, _ in _entries(databases.used, transaction):
        if transaction.get(key, db=databases.rows) is None:
            found["missing"].append(key)
    return found


def _entries(
    database: Any, transaction: Transaction
) -> Iterator[tuple[bytes, bytes | memoryview]]:
    for key, value in transaction.cursor(database):
        if not key:  # a key of no length cannot be written
            raise lmdb.CorruptedError("an entry has no key")
        yield bytes(key), value
