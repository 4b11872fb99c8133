"""The feature store's counters, and when what was counted is written.

A commit waits for the disk. To have found rows changes nothing but a counter: such
counts wait up to a second in memory, and go along with whatever is written next.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

import lmdb

from hybridml.features.codec import pack_count, unpack_count

_LONGEST_WAIT_S = 1.0


def add_counts(
    database: Any, transaction: lmdb.Transaction, counts: Mapping[str, int]
) -> None:
    """Add to the counters that are kept in a database."""
    for name, added in counts.items():
        before = read_count(database, transaction, name)
        transaction.put(name.encode(), pack_count(before + added), db=database)


def read_count(database: Any, transaction: lmdb.Transaction, name: str) -> int:
    """Value of a counter as it is written; 0 if it was never added to."""
    return unpack_count(transaction.get(name.encode(), db=database))


class WaitingCounts:
    """What this process has counted and not written yet, by counter.

    Threads may share one.
    """

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._written_s = -_LONGEST_WAIT_S

    @property
    def are_due(self) -> bool:
        """Whether nothing was written for a second; so it is at first."""
        return time.monotonic() - self._written_s >= _LONGEST_WAIT_S

    def add(self, counts: Mapping[str, int]) -> None:
        """Count, or give back what was taken and could not be written."""
        with self._lock:
            self._counts.update(counts)

    def take(self) -> Mapping[str, int]:
        """Take everything, in order to write it."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        self._written_s = time.monotonic()
        return taken

    def __bool__(self) -> bool:
        return bool(self._counts)

    def __getitem__(self, name: str) -> int:
        return self._counts[name]
