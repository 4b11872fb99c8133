"""Where the work leaves what is to be recorded; it hardly ever waits for the store."""

from __future__ import annotations

import shlex
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hybridml.tracking._mlflow_address import (
    describe_place,
    resolve_uri,
    without_password,
)
from hybridml.tracking.journal import records
from hybridml.tracking.journal.folder import About
from hybridml.tracking.journal.place import default_journal_root
from hybridml.tracking.journal.records import Record
from hybridml.tracking.sending.open_journal import OpenJournal
from hybridml.tracking.sending.warning import warn_caller


class Outbox:
    """Writes a journal and has it sent; keeps the journal when the store fails.

    Parameters
    ----------
    tracking_uri : str or None
        As in `MLflowTracker`.
    experiment : str
    timeout_s : float
    journal : Path or None
        Folder of all journals; None stands for the user's.
    """

    def __init__(
        self,
        tracking_uri: str | None,
        experiment: str,
        timeout_s: float,
        journal: Path | None,
    ) -> None:
        self._tracking_uri = tracking_uri
        self._experiment = experiment
        self._timeout_s = timeout_s
        self._root = journal
        self._has_failed = False
        self._is_broken = False
        self._run_ids: dict[str, str] = {}
        self._journal: OpenJournal | None = None
        self._inherited: OpenJournal | None = None
        self._n_blocks = 0
        self._lock = threading.RLock()

    @property
    def uri(self) -> str:
        """The store's address; it is fixed when the first record comes."""
        return resolve_uri(self._tracking_uri)

    def where(self) -> str:
        """Say in words where the records go."""
        place = describe_place(self.uri)
        if self._is_broken:
            return f"not all of it in {place}, because no journal could be written"
        if not self._has_failed:
            return f"{place}, experiment {self._experiment!r}"
        kept = f" {self._journal.folder.path}" if self._journal else ""
        return f"{place}, until it failed; the rest is in the journal{kept}"

    def open_block(self) -> None:
        """Expect records until `close_block`."""
        with self._lock:
            self._n_blocks += 1

    def close_block(self) -> None:
        """Wait until all was sent; remove the journal, or let others replay it."""
        with self._lock:
            self._n_blocks -= 1
        self.flush()
        with self._lock:
            if self._journal is None or self._n_blocks > 0:
                return
            if self._has_failed:
                self._journal.release()
            elif self._journal.is_sent:
                self._journal.discard()
                self._journal = None

    def post(self, record: Record) -> None:
        """Have a record sent."""
        try:
            with self._lock:
                if not self._is_broken:
                    self._current().add(record)
        except OSError as error:
            self._break(error)
        self._hear()

    def post_file(self, run: str, path: Path, name: str) -> None:
        """Have a file sent as it is now, under a name."""
        if self._is_broken:
            return
        try:
            with self._lock:
                kept = self._current().folder.keep_file(path, name)
        except OSError as error:
            warn_caller(f"{path} is not recorded, because it cannot be copied: {error}")
        else:
            self.post(records.log_file(run, kept))

    def run_id_of(self, run: str) -> str | None:
        """Return MLflow's name for a run; None where it was not created so far."""
        if run not in self._run_ids:
            self.flush()
        return self._run_ids.get(run)

    def flush(self) -> None:
        """Wait until all was sent, or the store has failed."""
        journal = self._journal
        if journal is None or not journal.is_under_way:
            return
        journal.hurry()
        heard_s = time.monotonic()
        for pause_s in _pauses_s():
            if self._hear():
                heard_s = time.monotonic()
            if not journal.is_under_way:
                return
            if time.monotonic() - heard_s > journal.patience_s():
                self._give_up(journal, "it takes too long", is_stuck=True)
            time.sleep(pause_s)

    def __getstate__(self) -> dict[str, Any]:
        left_here = dict.fromkeys(("_journal", "_inherited", "_lock"))
        return {**self.__dict__, **left_here, "_n_blocks": 0}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.RLock()

    def _current(self) -> OpenJournal:
        """Return the journal to write to."""
        if self._journal is not None and self._journal.is_own:
            if self._journal.resume():
                return self._journal
            self._journal = None
        # What a fork has inherited is left alone, and kept: its lock is the parent's.
        self._inherited = self._journal
        self._tracking_uri = self.uri
        address = without_password(self.uri)
        about = About(address, self._experiment, self._timeout_s, time.time())
        journal = OpenJournal(self._root or default_journal_root(), about)
        self._journal = journal
        failure = None if self._has_failed else journal.send(self.uri)
        if failure is not None:
            self._give_up(journal, failure)
        return journal

    def _hear(self) -> bool:
        """Warn of what has come back; return whether anything has."""
        with self._lock:
            journal = self._journal
            if journal is None:
                return False
            news = journal.hear(self.uri)
            self._run_ids.update(journal.answers.run_ids)
        for reason in news.refused:
            address = without_password(self.uri)
            warn_caller(
                f"MLflow at {address} refuses a value, the rest is kept: {reason}"
            )
        if news.failure is not None:
            self._give_up(journal, news.failure)
        return news.is_any

    def _give_up(
        self, journal: OpenJournal, reason: str, *, is_stuck: bool = False
    ) -> None:
        with self._lock:
            has_warned, self._has_failed = self._has_failed, True
            journal.keep(is_stuck=is_stuck)
        if not has_warned:
            command = f"hybridml track replay {shlex.quote(str(journal.folder.path))}"
            warn_caller(
                f"MLflow at {without_password(self.uri)} cannot be used, and the work "
                f"goes on without it: {reason}. What it misses is kept; once it is "
                f"back, send it with: {command}"
            )

    def _break(self, error: OSError) -> None:
        with self._lock:
            has_warned, self._is_broken = self._is_broken, True
        if not has_warned:
            warn_caller(
                "Nothing more is recorded, because no journal can be written: "
                f"{error}. Make room, or give MLflowTracker another `journal` folder."
            )


def _pauses_s() -> Iterator[float]:
    """Wait little at first, for what is about to come."""
    pause_s = 0.002
    while True:
        yield pause_s
        pause_s = min(0.1, 1.3 * pause_s)
