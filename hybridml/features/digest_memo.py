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
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from hybridml.features.engine import Engine
from hybridml.features.opening import FULL, Databases, Transaction
from hybridml.images.digest import digest_images as read_and_digest
from hybridml.images.source import is_url

Images = Sequence[Any] | npt.NDArray[Any]
_State = tuple[int, ...]  # device, inode, size, content and inode changed

MAX_ENTRIES = 2**19
_MAX_AT_HAND = 2**18
_SETTLED_NS = 2 * 10**9  # the coarsest clock of a file system in use ticks every 2 s
_PACKED = struct.Struct("<QQQqq")
_NOTHING: tuple[_State, bytes] = ((), b"")
_LARGEST = 2**64 - 1
# On Windows st_ctime is the time of creation: it does not tell of changes.
_CTIME_TELLS_OF_CHANGES = os.name == "posix"


# What was recalled in this process, by path: quicker to ask than the store's file.
_at_hand: dict[str, tuple[_State, bytes]] = {}


class _Sight(NamedTuple):
    """What the file system says of a file."""

    path: str
    state: _State

    @property
    def changed_ns(self) -> int:
        """When the content or the inode was last changed."""
        return max(self.state[3:])

    @property
    def key(self) -> bytes:
        """Digest of its path."""
        return hashlib.blake2b(os.fsencode(self.path), digest_size=16).digest()

    @property
    def packed(self) -> bytes:
        """Its state as the store keeps it."""
        return _PACKED.pack(*self.state)


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
    sights = _look_at(images)
    digests = _recall(engine, sights, now_ns)
    unknown = [i for i, digest in enumerate(digests) if digest is None]
    if not unknown:
        return digests, {}
    read, failed = read_and_digest([images[i] for i in unknown], executor)
    for i, digest in zip(unknown, read, strict=True):
        digests[i] = digest
    again = _look_at([images[i] for i in unknown])
    settled = {
        sight.key: sight.packed + digest
        for i, sight, digest in zip(unknown, again, read, strict=True)
        if sight and digest and sight == sights[i] and _has_settled(sight, now_ns)
    }
    _remember(engine, settled)
    return digests, {unknown[place]: reason for place, reason in failed.items()}


def _has_settled(sight: _Sight, now_ns: int) -> bool:
    return now_ns - sight.changed_ns >= _SETTLED_NS


def _look_at(images: Images) -> list[_Sight | None]:
    """Ask the file system for all images that are local files."""
    try:
        folder = os.getcwd()  # noqa: PTH109 - joined to thousands of paths
    except OSError:  # it was removed
        return [None] * len(images)
    # Asking takes microseconds: less than it takes to begin a thread for it.
    return [_look_at_one(image, folder) for image in images]


def _look_at_one(image: object, folder: str) -> _Sight | None:
    if not isinstance(image, str) or ("://" in image and is_url(image)):
        return None
    # Strings, not Path: this is done for every image of a data set, at each transform.
    path = image if image.startswith("/") else f"{folder}/{image}"
    try:
        found = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return None  # the reader of its content says what is wrong
    if not stat.S_ISREG(found.st_mode):
        return None
    return _Sight(
        path,
        (
            found.st_dev & _LARGEST,
            found.st_ino & _LARGEST,
            found.st_size,
            found.st_mtime_ns,
            found.st_ctime_ns,
        ),
    )


def _recall(
    engine: Engine, sights: Sequence[_Sight | None], now_ns: int
) -> list[bytes | None]:
    """Return the digests of the files that look as they did when they were read."""
    digests: list[bytes | None] = [None] * len(sights)
    elsewhere: list[tuple[int, _Sight]] = []
    for i, sight in enumerate(sights):
        if sight is None:
            continue
        state, digest = _at_hand.get(sight[0], _NOTHING)
        if state == sight[1]:
            digests[i] = digest
        elif sight.changed_ns <= now_ns:  # else a clock was set
            elsewhere.append((i, sight))

    def recall(databases: Databases, transaction: Transaction) -> None:
        get, memo, n_bytes = transaction.get, databases.digests, _PACKED.size
        for i, sight in elsewhere:
            entry = get(sight.key, None, memo)
            if entry is not None and entry[:n_bytes] == sight.packed:
                digest = digests[i] = bytes(entry[n_bytes:])
                _at_hand[sight.path] = (sight.state, digest)

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
