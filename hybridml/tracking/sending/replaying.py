"""Sending what a journal holds, after the store that missed it is back."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from filelock import Timeout

from hybridml._checks import describe
from hybridml.exceptions import InvalidParameterError, TrackingError
from hybridml.tracking._mlflow_address import resolve_uri, without_password
from hybridml.tracking.journal.answers import Answers
from hybridml.tracking.journal.folder import JournalFolder
from hybridml.tracking.journal.lines import LineReader
from hybridml.tracking.sending.courier import Courier

_PAUSE_S = 0.05
_HIDDEN = ":***@"


@dataclass(frozen=True)
class Replay:
    """What was sent of a journal.

    Attributes
    ----------
    tracking_uri : str
        The store that has it now, without the password.
    n_records : int
        How many records were sent.
    refused : list of str
        What the store said to each value that it does not take.
    """

    tracking_uri: str
    n_records: int
    refused: list[str]


def replay_journal(path: str | Path, tracking_uri: str | None = None) -> Replay:
    """Send what a journal holds to its store, then remove the journal.

    Runs get the times, values and statuses that they would have had; one that the store
    knows already is continued. A replay that is interrupted can be repeated: nothing is
    doubled.

    Parameters
    ----------
    path : str or Path
        The journal's folder, as the warning named it; see also `list_journals`.
    tracking_uri : str or None, default=None
        Another address for the store, or another store, which then gets everything
        that the journal holds. Needed where the first address had a password, unless
        MLFLOW_TRACKING_URI has it.

    Returns
    -------
    replay : Replay

    Raises
    ------
    InvalidParameterError
        If there is no journal, or its address lacks the password.
    TrackingError
        If the store fails again, or work goes on that writes the journal. The journal
        is kept.
    """
    folder = JournalFolder(Path(path).absolute())
    if not folder.is_there:
        cure = "See `hybridml track list`."
        expected = "the folder of a journal"
        raise InvalidParameterError(describe("path", str(path), expected, cure))
    uri = _address(folder.about.tracking_uri, tracking_uri)
    try:
        with folder.lock().acquire(timeout=0):
            replay = _send(folder, uri)
    except Timeout as error:
        raise TrackingError(
            f"Work goes on that writes {path}. Replay it when that has ended."
        ) from error
    folder.remove()
    return replay


def _address(kept: str, given: str | None) -> str:
    if given is not None:
        return resolve_uri(given)
    if _HIDDEN not in kept:
        return kept
    uri = resolve_uri(os.environ.get("MLFLOW_TRACKING_URI"))
    if without_password(uri) == kept:
        return uri
    expected = f"{kept} with its password, which journals do not hold"
    raise InvalidParameterError(describe("tracking_uri", given, expected))


def _send(folder: JournalFolder, uri: str) -> Replay:
    answers = Answers(folder.answers(without_password(uri)))
    answers.read()
    answers.failure, answers.refused = None, []
    rest = LineReader(folder.records, answers.n_sent)
    n_records = len(rest.read())
    if n_records:
        courier = Courier(uri, folder.about.timeout_s)
        try:
            courier.take(folder, is_replay=True)
            _wait(answers, rest.position, courier)
        finally:
            courier.kill()
    return Replay(without_password(uri), n_records, answers.refused)


def _wait(answers: Answers, n_bytes: int, courier: Courier) -> None:
    while True:
        is_alive = courier.is_alive
        answers.read()
        if answers.n_sent >= n_bytes:
            return
        if answers.failure is not None or not is_alive:
            reason = answers.failure or "the process that sends to it has ended"
            raise TrackingError(
                f"MLflow cannot be used: {reason}. The journal is kept, and what has "
                "arrived of it is not sent again."
            )
        time.sleep(_PAUSE_S)
