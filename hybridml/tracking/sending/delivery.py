"""One journal on its way to the store: in order, once each, and noted."""

from __future__ import annotations

from pathlib import Path

from hybridml.tracking._mlflow_address import without_password
from hybridml.tracking.journal.answers import (
    Answers,
    note_created,
    note_refused,
    note_sent,
)
from hybridml.tracking.journal.folder import JournalFolder
from hybridml.tracking.journal.lines import Line, LineReader
from hybridml.tracking.journal.records import Record
from hybridml.tracking.sending.failures import failures, is_refusal, reason_of
from hybridml.tracking.sending.merging import Parcel, merge
from hybridml.tracking.sending.mlflow_store import MLflowStore

_RECORDS_AT_ONCE = 1000


class Delivery:
    """Sends what a journal holds, from where an earlier delivery stopped.

    Everything may be sent twice, where a process died before it could note the first
    time: a run is then found by its key, and the rest is the same when it comes again.

    Parameters
    ----------
    folder : JournalFolder
    store : MLflowStore
    is_replay : bool
        Whether an earlier delivery may have created runs and not lived to note them.
    """

    def __init__(
        self, folder: JournalFolder, store: MLflowStore, *, is_replay: bool
    ) -> None:
        self.folder = folder
        self.store = store
        self.answers_path = folder.answers(without_password(store.uri))
        self._experiment = folder.about.experiment
        known = Answers(self.answers_path)
        known.read()
        self._may_repeat = is_replay
        self._run_ids = known.run_ids
        self._n_sent = known.n_sent

    def send_new(self) -> None:
        """Send all that was not sent yet.

        Raises
        ------
        one of `failures()`
            If the store fails. What arrived is noted; calling it again goes on there.
        """
        reader = LineReader(self.folder.records, self._n_sent)
        while lines := reader.read():
            self.store.reach()
            self.store.open(self._experiment)
            for start in range(0, len(lines), _RECORDS_AT_ONCE):
                self._send(lines[start : start + _RECORDS_AT_ONCE])

    @property
    def is_done(self) -> bool:
        """Whether all the records have arrived."""
        return self._n_sent >= self.folder.n_bytes()

    def _send(self, lines: list[Line]) -> None:
        for parcel in merge(line.entry for line in lines):
            self._deliver(parcel)
        self._n_sent = lines[-1].end
        note_sent(self.answers_path, self._n_sent)

    def _deliver(self, parcel: Parcel) -> None:
        try:
            self._perform(parcel.record)
        except failures() as error:
            if not is_refusal(error) or parcel.record["op"] == "create":
                self._may_repeat = True
                raise
            if len(parcel.parts) == 1:
                note_refused(self.answers_path, reason_of(error))
                return
            for part in parcel.parts:
                self._deliver(Parcel(part, [part]))

    def _perform(self, record: Record) -> None:
        if record["op"] == "create":
            self._create(record)
            return
        run_id = self._run_id(record["run"])
        match record["op"]:
            case "log":
                values = (record["params"], record["metrics"], record["tags"])
                self.store.log_values(run_id, *values)
            case "dataset":
                self.store.log_dataset(run_id, record["about"])
            case "text":
                self.store.log_text(run_id, record["text"], record["file_name"])
            case "file":
                self._log_file(run_id, self.folder.path / record["path"])
            case "end":
                self.store.end_run(run_id, record["status"], record["time_ms"])

    def _create(self, record: Record) -> None:
        run = record["run"]
        if run in self._run_ids:
            return
        run_id = (
            self.store.find_run(self._experiment, run) if self._may_repeat else None
        )
        if run_id is None:
            parent = record["parent"]
            parent_id = self._run_id(parent) if parent else ""
            run_id = self.store.create_run(self._experiment, record, parent_id)
        self._know(run, run_id)

    def _run_id(self, run: str) -> str:
        """Return MLflow's name of a run, which another process may have created."""
        if run not in self._run_ids:
            run_id = self.store.find_run(self._experiment, run)
            if run_id is None:
                raise ConnectionError(f"the run with the key {run} is not there yet")
            self._know(run, run_id)
        return self._run_ids[run]

    def _know(self, run: str, run_id: str) -> None:
        self._run_ids[run] = run_id
        note_created(self.answers_path, run, run_id)

    def _log_file(self, run_id: str, path: Path) -> None:
        if path.is_file():
            self.store.log_file(run_id, path)
        else:  # deleted by someone: the rest of the journal is still worth sending
            note_refused(
                self.answers_path, f"the journal has lost the file {path.name}"
            )
