"""What has become of a journal's records, as the sending process notes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hybridml.tracking.journal.lines import LineReader, append_line


class Answers:
    """Reads what the sending process has noted beside a journal.

    Parameters
    ----------
    path : Path
        File of the answers.

    Attributes
    ----------
    n_sent : int
        How many bytes of the records have arrived.
    run_ids : dict of {str: str}
        MLflow's name of each run that was created, by the run's key.
    refused : list of str
        What the store said to each value that it does not take.
    failure : str or None
        Why the sending was given up.
    """

    def __init__(self, path: Path) -> None:
        self._lines = LineReader(path)
        self.n_sent = 0
        self.run_ids: dict[str, str] = {}
        self.refused: list[str] = []
        self.failure: str | None = None

    def read(self) -> bool:
        """Take in what was noted since the last call; return whether there was any."""
        lines = self._lines.read()
        for line in lines:
            self._take(line.entry)
        return bool(lines)

    def _take(self, entry: dict[str, Any]) -> None:
        if "run_id" in entry:
            self.run_ids[entry["run"]] = entry["run_id"]
        elif "sent" in entry:
            self.n_sent = int(entry["sent"])
        elif "refused" in entry:
            self.refused.append(entry["refused"])
        elif "failed" in entry:
            self.failure = entry["failed"]


def note_created(path: Path, run: str, run_id: str) -> None:
    """Note MLflow's name of a run."""
    append_line(path, {"run": run, "run_id": run_id})


def note_sent(path: Path, n_bytes: int) -> None:
    """Note how far the records have arrived."""
    append_line(path, {"sent": n_bytes})


def note_refused(path: Path, reason: str) -> None:
    """Note that the store does not take a value."""
    append_line(path, {"refused": reason})


def note_failed(path: Path, reason: str) -> None:
    """Note that the sending was given up."""
    append_line(path, {"failed": reason})
