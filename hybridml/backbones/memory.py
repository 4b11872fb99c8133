"""Going on with less when memory runs out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_CPU_MESSAGES = ("can't allocate memory", "not enough memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the memory of the machine or the GPU ran out."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    is_allocation = any(message in str(error) for message in _CPU_MESSAGES)
    return isinstance(error, RuntimeError) and is_allocation


class Slots:
    """How many tasks may run at a time; halved when memory runs out.

    Parameters
    ----------
    n_slots : int
    """

    def __init__(self, n_slots: int) -> None:
        self.n_slots = n_slots
        self._n_taken = 0
        self._changed = threading.Condition()

    @contextmanager
    def taken(self) -> Iterator[int]:
        """Wait for a slot and hold it; gives how many there are."""
        with self._changed:
            self._changed.wait_for(lambda: self._n_taken < self.n_slots)
            self._n_taken += 1
            n_slots = self.n_slots
        try:
            yield n_slots
        finally:
            with self._changed:
                self._n_taken -= 1
                self._changed.notify_all()

    def halve(self, seen: int) -> bool:
        """Allow half of the `seen` slots; False if there was but one.

        Where another task has halved them since, nothing changes.
        """
        with self._changed:
            if self.n_slots == seen:
                self.n_slots = seen // 2 or 1
            return seen > 1
