"""A journal keeps copies of files for itself, and goes when nobody needs it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from hybridml.tracking.journal.folder import About, JournalFolder
from hybridml.tracking.journal.lines import append_line

URI = "http://me:***@server:5000"
ABOUT = About(URI, "pets", 5.0, 1.7e9)


@pytest.fixture
def journal(tmp_path: Path) -> JournalFolder:
    return JournalFolder.create(tmp_path / "journals", ABOUT)


def test_a_journal_says_where_it_belongs(journal: JournalFolder) -> None:
    assert journal.about == ABOUT
    assert journal.is_there
    assert not JournalFolder(journal.path.parent).is_there


def test_nobody_else_may_look_into_it(journal: JournalFolder) -> None:
    assert stat.S_IMODE(journal.path.stat().st_mode) & 0o077 == 0


def test_journals_of_one_second_do_not_meet(journal: JournalFolder) -> None:
    assert JournalFolder.create(journal.path.parent, ABOUT).path != journal.path


def test_files_of_one_name_are_copied_side_by_side(
    journal: JournalFolder, tmp_path: Path
) -> None:
    source = tmp_path / "a.txt"
    kept = []
    for text in ("first", "second"):
        source.write_text(text)
        kept.append(journal.path / journal.keep_file(source, source.name))
    source.unlink()
    assert [path.read_text() for path in kept] == ["first", "second"]
    assert {path.name for path in kept} == {"a.txt"}
    assert journal.n_file_bytes() == len("firstsecond")


def test_only_complete_records_count(journal: JournalFolder) -> None:
    assert journal.n_bytes() == 0
    n_bytes = append_line(journal.records, {"op": "log"})
    with journal.records.open("ab") as file:
        file.write(b'{"op"')
    assert journal.n_bytes() == n_bytes


def test_each_store_has_its_own_answers(journal: JournalFolder) -> None:
    assert journal.answers(URI).name == "answers.jsonl"
    elsewhere = {journal.answers(f"http://other:{port}") for port in (1, 2)}
    assert len({*elsewhere, journal.answers(URI)}) == 3


def test_a_journal_in_use_is_not_removed(journal: JournalFolder) -> None:
    with journal.lock():
        journal.remove_if_left()
        assert journal.is_there
    journal.remove_if_left()
    assert not journal.path.exists()
