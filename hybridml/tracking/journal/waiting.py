"""Which journals wait to be replayed."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from filelock import Timeout

from hybridml.tracking.journal.answers import Answers
from hybridml.tracking.journal.folder import JournalFolder
from hybridml.tracking.journal.lines import LineReader
from hybridml.tracking.journal.place import default_journal_root


@dataclass(frozen=True)
class WaitingJournal:
    """A journal that has not arrived as a whole.

    Attributes
    ----------
    path : Path
        Its folder.
    tracking_uri : str
        The store that it was meant for, without the password.
    experiment : str
        Name of the experiment.
    began_s : float
        When it was begun, in seconds since 1970.
    n_records : int
        How many records wait.
    is_in_use : bool
        Whether work goes on that writes it, so that it cannot be replayed yet.
    """

    path: Path
    tracking_uri: str
    experiment: str
    began_s: float
    n_records: int
    is_in_use: bool


def list_journals(root: str | Path | None = None) -> list[WaitingJournal]:
    """List the journals that wait to be replayed, the oldest first.

    Parameters
    ----------
    root : str, Path or None, default=None
        Folder of the journals: what `MLflowTracker` calls `journal`.

    Returns
    -------
    waiting : list of WaitingJournal

    Examples
    --------
    >>> list_journals("no/such/folder")
    []
    """
    folder = Path(root) if root is not None else default_journal_root()
    if not folder.is_dir():
        return []
    found = [JournalFolder(path) for path in folder.iterdir()]
    waiting = [_described(journal) for journal in found if journal.is_there]
    kept = [journal for journal in waiting if journal.n_records]
    return sorted(kept, key=lambda journal: journal.began_s)


def _described(journal: JournalFolder) -> WaitingJournal:
    about = journal.about
    answers = Answers(journal.answers(about.tracking_uri))
    answers.read()
    rest = LineReader(journal.records, answers.n_sent).read()
    return WaitingJournal(
        path=journal.path,
        tracking_uri=about.tracking_uri,
        experiment=about.experiment,
        began_s=about.began_s,
        n_records=len(rest),
        is_in_use=_is_in_use(journal),
    )


def _is_in_use(journal: JournalFolder) -> bool:
    with contextlib.suppress(Timeout), journal.lock().acquire(timeout=0):
        return False
    return True
