"""Keeping freed memory for what is allocated next, where the C library allows it."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

# Parameters of glibc's mallopt(3), by their numbers in malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4
_KEEPING = {_MMAP_MAX: 0, _TRIM_THRESHOLD: -1}
# What glibc's own thresholds have grown to in a process that freed large blocks before.
_USUAL = {_MMAP_MAX: 65536, _MMAP_THRESHOLD: 32 * 2**20, _TRIM_THRESHOLD: 64 * 2**20}
_TUNED_BY = ("MALLOC_MMAP_MAX_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")

_lock = threading.Lock()
_n_keeping = 0


@contextmanager
def keep_freed_memory(*, applies: bool) -> Iterator[None]:
    """Let this process keep the memory that it frees for a while, to use it again.

    A training step on a CPU allocates maps of hundreds of megabytes and frees them.
    glibc hands blocks of that size back to the system, which clears every page before
    it gives it out again: half of the time of a step of MobileNet-v2. Afterwards what
    is free goes back to the system.

    Parameters
    ----------
    applies : bool
        False changes nothing. Neither does True where there is no glibc, or where an
        environment variable of glibc sets its thresholds already.

    Notes
    -----
    It is the main thread that gains: glibc limits the memory of others to pieces of 64
    MiB. More memory is held while the context is open, since blocks that are freed are
    not always those that fit; in fine-tuning a fifth more was seen.
    """
    libc = _glibc() if applies and not _is_tuned() else None
    if libc is None:
        yield
        return
    _enter(libc)
    try:
        yield
    finally:
        _leave(libc)


def _enter(libc: ctypes.CDLL) -> None:
    global _n_keeping
    with _lock:
        if _n_keeping == 0:
            _set(libc, _KEEPING)
        _n_keeping += 1


def _leave(libc: ctypes.CDLL) -> None:
    global _n_keeping
    with _lock:
        _n_keeping -= 1
        if _n_keeping == 0:
            _set(libc, _USUAL)
            libc.malloc_trim(0)


def _set(libc: ctypes.CDLL, options: dict[int, int]) -> None:
    for option, value in options.items():
        libc.mallopt(option, value)


def _is_tuned() -> bool:
    is_named = any(name in os.environ for name in _TUNED_BY)
    return is_named or "glibc.malloc" in os.environ.get("GLIBC_TUNABLES", "")


@cache
def _glibc() -> ctypes.CDLL | None:
    libc = ctypes.CDLL(None) if os.name == "posix" else None
    return libc if hasattr(libc, "gnu_get_libc_version") else None
