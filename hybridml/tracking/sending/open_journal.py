"""The journal that this process writes, and the courier that sends it meanwhile."""

from __future__ import annotations

import atexit
import os
from pathlib import Path
from typing import NamedTuple
from weakref import WeakSet

from filelock import Timeout

from hybridml.tracking.journal.answers import Answers
from hybridml.tracking.journal.folder import About, JournalFolder
from hybridml.tracking.journal.lines import append_line
from hybridml.tracking.journal.records import Record
from hybridml.tracking.sending.courier import (
    Courier,
    courier_to,
    forget,
    patience_s,
)

_MAX_COURIERS = 3
_BYTES_PER_S = 1e6  # slower than this, files count as not going on


class News(NamedTuple):
    """What has come back from the courier.

    Attributes
    ----------
    is_any : bool
        Whether something has arrived.
    refused : list of str
        What the store said to each value that it does not take.
    failure : str or None
        Why nothing more is sent.
    """

    is_any: bool
    refused: list[str]
    failure: str | None


class OpenJournal:
    """A journal while it is being written.

    Parameters
    ----------
    root : Path
        Folder of all journals.
    about : About
        Where the records belong.

    Attributes
    ----------
    folder : JournalFolder
        Its files.
    answers : Answers
        What is known to have arrived.

    Raises
    ------
    OSError
        If it cannot be written to.
    """

    def __init__(self, root: Path, about: About) -> None:
        self.folder = JournalFolder.create(root, about)
        self.answers = Answers(self.folder.answers(about.tracking_uri))
        self._timeout_s = about.timeout_s
        self._n_bytes = 0
        self._pid = os.getpid()
        self._courier: Courier | None = None
        self._n_couriers = 0
        self._lock = self.folder.lock()
        self._lock.acquire()
        _all.add(self)

    @property
    def is_own(self) -> bool:
        """Whether this process opened it, not one that this one was forked from."""
        return self._pid == os.getpid()

    @property
    def is_sent(self) -> bool:
        """Whether all of it has arrived, as far as was heard."""
        return self.answers.n_sent >= self._n_bytes

    @property
    def is_under_way(self) -> bool:
        """Whether there is something to wait for."""
        return self._courier is not None and self.is_own and not self.is_sent

    def add(self, record: Record) -> None:
        """Write a record."""
        self._n_bytes = append_line(self.folder.records, record)

    def send(self, uri: str) -> str | None:
        """Have it sent from now on; return why that cannot be."""
        if self._n_couriers >= _MAX_COURIERS:
            return "the process that sends to it ends each time"
        try:
            self._courier = courier_to(uri, self._timeout_s)
        except OSError as error:
            return f"no process can be started to send to it: {error}"
        self._courier.take(self.folder, is_replay=self._n_couriers > 0)
        self._n_couriers += 1
        return None

    def hear(self, uri: str) -> News:
        """Take in what the courier has noted; replace one that has died."""
        if self._courier is None or not self.is_own:
            return News(False, [], None)
        was_alive = self._courier.is_alive
        is_any = self.answers.read()
        refused, self.answers.refused = self.answers.refused, []
        failure = self.answers.failure
        if failure is None and not was_alive:
            failure = self.send(uri)
        return News(is_any, refused, failure)

    def hurry(self) -> None:
        """Have what was added sent now."""
        if self._courier is not None:
            self._courier.hurry()

    def keep(self, *, is_stuck: bool = False) -> None:
        """Send nothing more; all of it stays."""
        courier, self._courier = self._courier, None
        if courier is None:
            return
        forget(courier)
        if is_stuck:
            courier.kill()

    def discard(self) -> None:
        """Remove it; all has arrived."""
        self._lock.release()
        self.folder.remove()

    def release(self) -> None:
        """Let others replay it."""
        self._lock.release()

    def resume(self) -> bool:
        """Write on after a release; return whether that can be."""
        if self._lock.is_locked:
            return True
        try:
            self._lock.acquire(timeout=0)
        except Timeout:  # it is being replayed
            return False
        if not self.folder.is_there:  # it was replayed; the lock has made a new folder
            self.discard()
            return False
        return True

    def patience_s(self) -> float:
        """Return how long may pass without an answer, in seconds."""
        file_s = self.folder.n_file_bytes() / _BYTES_PER_S
        return patience_s(self._timeout_s) + file_s


_all: WeakSet[OpenJournal] = WeakSet()


@atexit.register
def _release_all() -> None:
    for journal in _all:
        if journal.is_own:
            journal.release()
