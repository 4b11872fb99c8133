"""Who computes which images, so that no two processes compute the same one.

The images are divided into shards by their digests. Whoever holds the lock of a shard
computes its images; the others take another shard, or wait and find the rows stored.
A lock goes when its process does, however that ends.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from filelock import FileLock, Timeout

N_SHARDS = 64
_POLL_S = 0.02


@dataclass
class Claim:
    """Images that this process computes; to be released once their rows are stored.

    Attributes
    ----------
    positions : ndarray of int
        Where the images are.
    keys : list of bytes
        Of their rows; empty where nothing is stored.
    """

    positions: npt.NDArray[np.intp]
    keys: list[bytes] = field(default_factory=list)
    locks: list[FileLock] = field(default_factory=list)

    def release(self) -> None:
        """Let others look for the rows."""
        _release(self.locks)


def claim_batches(
    position_of: dict[bytes, int],
    *,
    folder: Path | None,
    still_absent: Callable[[list[bytes]], list[bytes]],
    batch_size: int,
) -> Iterator[Claim | None]:
    """Claim images batch by batch; leave out those that others have computed meanwhile.

    Parameters
    ----------
    position_of : dict of {bytes: int}
        Keys of the rows wanted, with the positions of their images.
    folder : Path or None
        Of the locks; with None nobody else is reckoned with.
    still_absent : callable
        Which of some keys have no row yet; asked once their shard is locked.
    batch_size : int

    Yields
    ------
    claim : Claim or None
        None before waiting for another process: the caller first has to finish and
        release what it holds, since the other may be waiting for that.
    """
    keys: list[bytes] = []
    locks: list[FileLock] = []

    def claim(n_images: int) -> Claim:
        taken, rest = keys[:n_images], keys[n_images:]
        # A lock stays until the last image of its shard is handed over.
        handed = [] if rest else locks[:]
        del keys[: len(taken)], locks[: len(handed)]
        positions = [position_of[key] for key in taken]
        return Claim(np.array(positions, dtype=np.intp), taken, handed)

    try:
        for shard in _lock_shards(list(position_of), folder):
            if shard is not None:
                locks += shard[1]
                keys += still_absent(shard[0])
            while len(keys) >= batch_size or (keys and shard is None):
                yield claim(batch_size)
            if shard is None:
                yield None
            if not keys:
                _release(locks)
                locks.clear()
        if keys:
            yield claim(batch_size)
    finally:
        _release(locks)


def _lock_shards(
    keys: Sequence[bytes], folder: Path | None
) -> Iterator[tuple[list[bytes], list[FileLock]] | None]:
    """Lock shards in any order, and yield their keys; None before having to wait."""
    if folder is None:
        yield list(keys), []
        return
    waiting = _shards(keys)
    while waiting:
        for shard in list(waiting):
            lock = _lock(folder, shard, timeout_s=0)
            if lock is not None:
                yield waiting.pop(shard), [lock]
        if waiting:
            yield None
            shard = next(iter(waiting))
            lock = _lock(folder, shard, timeout_s=-1)
            yield waiting.pop(shard), [lock] if lock else []


def _shards(keys: Sequence[bytes]) -> dict[int, list[bytes]]:
    """Divide keys into shards; each process begins with another one."""
    shards: dict[int, list[bytes]] = {}
    for key in keys:
        shards.setdefault(key[-1] % N_SHARDS, []).append(key)
    start = os.getpid() % N_SHARDS
    order = sorted(shards, key=lambda shard: (shard - start) % N_SHARDS)
    return {shard: shards[shard] for shard in order}


def _lock(folder: Path, shard: int, timeout_s: float) -> FileLock | None:
    lock = FileLock(folder / f"{shard:02}.lock", timeout=timeout_s)
    try:
        lock.acquire(poll_interval=_POLL_S)
    except Timeout:
        return None
    return lock


def _release(locks: Sequence[FileLock]) -> None:
    for lock in locks:
        lock.release()
