"""When a file need not be read again to know its content: it was not touched since.

A file's digest is remembered with what the file system says of the file: device, inode,
size, and when its content and its inode were last changed, in nanoseconds. A change of
content changes one of them, unless it falls into the same tick of the file system's
clock as the change before. So a file is remembered only if it had been left alone for a
while when it was read. (The same race, in git's index, is called "racily clean".)
"""

from __future__ import annotations

import hashlib
import os
import stat
import struct
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from hybridml.features.engine import Engine
from hybridml.features.opening import FULL, Databases, Transaction
from hybridml.images.digest import digest_images as read_and_digest
from hybridml.images.source import is_url

Images = Sequence[Any] | npt.NDArray[Any]

MAX_ENTRIES = 2**19
_MAX_AT_HAND = 2**18
_SETTLED_NS = 2 * 10**9  # the coarsest clock of a file system in use ticks every 2 s
_STATE = struct.Struct("<QQQqq")  # device, inode, size, content and inode changed
_UNKNOWN = b""
_LARGEST = 2**64 - 1
# On Windows st_ctime is the time of creation: it does not tell of changes.
_CTIME_TELLS_OF_CHANGES = os.name == "posix"


# Entries recalled in this process, by path: quicker to ask than the store's file.
_at_hand: dict[str, bytes] = {}


def digest_images(
    images: Images, executor: ThreadPoolExecutor | None, engine: Engine
) -> tuple[list[bytes | None], dict[int, str]]:
    """Digest many images, reading only the files that are not remembered.

    Parameters
    ----------
    images : sequence or ndarray, as `as_images` returns it
    executor : ThreadPoolExecutor or None
        Threads to read in.
    engine : Engine
        Of the store that remembers.

    Returns
    -------
    digests, failures
        As `hybridml.images.digest_images` returns them.
    """
    is_stack = isinstance(images, np.ndarray) and images.dtype != object
    if is_stack or not _CTIME_TELLS_OF_CHANGES:
        return read_and_digest(images, executor)
    now_ns = time.time_ns()
    paths = _local_paths(images)
    states = [_look_at(path) for path in paths]
    digests = _recall(engine, paths, states, now_ns)
    unknown = [i for i, digest in enumerate(digests) if digest is None]
    if not unknown:
        return digests, {}
    read, failed = read_and_digest([images[i] for i in unknown], executor)
    settled = {}
    for i, digest in zip(unknown, read, strict=True):
        digests[i], path, state = digest, paths[i], states[i]
        unchanged = state != _UNKNOWN and state == _look_at(path)
        if path and digest and unchanged and _has_settled(state, now_ns):
            settled[_key(path)] = state + digest
    _remember(engine, settled)
    return digests, {unknown[place]: reason for place, reason in failed.items()}


def _local_paths(images: Images) -> list[str | None]:
    """Absolute paths of the images that are local files."""
    try:
        folder = os.getcwd()  # noqa: PTH109 - joined to thousands of paths
    except OSError:  # it was removed
        return [None] * len(images)
    # Strings, not Path: this is done for every image of a data set, at each transform.
    return [
        None
        if not isinstance(image, str) or ("://" in image and is_url(image))
        else (image if image.startswith("/") else f"{folder}/{image}")
        for image in images
    ]


def _look_at(path: str | None) -> bytes:
    """Ask the file system for the state of a file, in microseconds.

    In bytes, as the store keeps it: Python's garbage collector walks through the whole
    heap, torch's included, once thousands of tuples have been made.
    """
    if path is None:
        return _UNKNOWN
    try:
        found = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return _UNKNOWN  # the reader of its content says what is wrong
    if not stat.S_ISREG(found.st_mode):
        return _UNKNOWN
    return _STATE.pack(
        found.st_dev & _LARGEST,
        found.st_ino & _LARGEST,
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
    )


def _changed_ns(state: bytes) -> int:
    """When the content or the inode was last changed."""
    content_ns, inode_ns = _STATE.unpack(state)[3:]
    return max(int(content_ns), int(inode_ns))


def _has_settled(state: bytes, now_ns: int) -> bool:
    return now_ns - _changed_ns(state) >= _SETTLED_NS


def _key(path: str) -> bytes:
    return hashlib.blake2b(os.fsencode(path), digest_size=16).digest()


def _recall(
    engine: Engine, paths: Sequence[str | None], states: Sequence[bytes], now_ns: int
) -> list[bytes | None]:
    """Return the digests of the files that look as they did when they were read."""
    digests: list[bytes | None] = [None] * len(paths)
    elsewhere: list[int] = []
    for i, (path, state) in enumerate(zip(paths, states, strict=True)):
        if path is None or state == _UNKNOWN:
            continue
        entry = _at_hand.get(path, _UNKNOWN)
        if entry.startswith(state):
            digests[i] = entry[_STATE.size :]
        elif _changed_ns(state) <= now_ns:  # else a clock was set
            elsewhere.append(i)

    def recall(databases: Databases, transaction: Transaction) -> None:
        get, memo = transaction.get, databases.digests
        for i in elsewhere:
            path = str(paths[i])
            entry = get(_key(path), None, memo)
            if entry is not None and entry[: _STATE.size] == states[i]:
                _at_hand[path] = bytes(entry)
                digests[i] = _at_hand[path][_STATE.size :]

    if len(_at_hand) > _MAX_AT_HAND:
        _at_hand.clear()
    if elsewhere:
        engine.read(recall)
    return digests


def _remember(engine: Engine, entries: dict[bytes, bytes]) -> None:
    """Keep digests; where they become too many, forget all and begin anew."""

    def remember(databases: Databases, transaction: Transaction) -> None:
        memo = databases.digests
        if transaction.stat(memo)["entries"] + len(entries) > MAX_ENTRIES:
            transaction.drop(memo, delete=False)
        for key, entry in entries.items():
            transaction.put(key, entry, db=memo)

    if not entries or len(entries) > MAX_ENTRIES:
        return
    try:
        engine.write(remember)
    except FULL:
        return  # room is made for rows; a digest that is not kept is computed again
