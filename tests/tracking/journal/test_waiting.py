"""Journals that wait are listed, the oldest first."""

from __future__ import annotations

from pathlib import Path

from hybridml.tracking import list_journals
from hybridml.tracking.journal.answers import note_sent
from hybridml.tracking.journal.folder import About, JournalFolder
from hybridml.tracking.journal.lines import append_line


def journal_of(root: Path, began_s: float, n_records: int) -> JournalFolder:
    about = About("http://server:5000", "pets", 5.0, began_s)
    journal = JournalFolder.create(root, about)
    for number in range(n_records):
        append_line(journal.records, {"op": "log", "run": str(number)})
    return journal


def test_what_has_not_arrived_is_listed(tmp_path: Path) -> None:
    late, early = journal_of(tmp_path, 2e9, 3), journal_of(tmp_path, 1e9, 1)
    first_end = append_line(early.records, {"op": "end", "run": "0"})
    append_line(early.records, {"op": "end", "run": "1"})
    note_sent(early.answers("http://server:5000"), first_end)
    (tmp_path / "something else").mkdir()
    found = list_journals(tmp_path)
    assert [(w.path, w.n_records) for w in found] == [(early.path, 1), (late.path, 3)]
    assert found[0].tracking_uri == "http://server:5000"
    assert found[0].experiment == "pets"


def test_what_has_arrived_is_not_listed(tmp_path: Path) -> None:
    journal = journal_of(tmp_path, 1e9, 2)
    note_sent(journal.answers("http://server:5000"), journal.n_bytes())
    assert list_journals(tmp_path) == []


def test_a_journal_that_is_written_is_told_from_others(tmp_path: Path) -> None:
    journal = journal_of(tmp_path, 1e9, 1)
    with journal.lock():
        assert [waiting.is_in_use for waiting in list_journals(tmp_path)] == [True]
    assert [waiting.is_in_use for waiting in list_journals(tmp_path)] == [False]


def test_the_default_is_the_folder_of_the_user() -> None:
    assert list_journals() == []
