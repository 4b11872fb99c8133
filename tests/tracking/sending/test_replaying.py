"""What cannot be replayed is said, and stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridml.exceptions import InvalidParameterError, TrackingError
from hybridml.tracking import replay_journal
from hybridml.tracking.journal.answers import note_sent
from hybridml.tracking.journal.folder import About, JournalFolder
from hybridml.tracking.journal.lines import append_line
from hybridml.tracking.journal.records import create_run

DEAD = "http://127.0.0.1:9"


def journal_for(uri: str, root: Path) -> JournalFolder:
    journal = JournalFolder.create(root, About(uri, "pets", 1.0, 1e9))
    append_line(journal.records, create_run("top", "compare", {}, ""))
    return journal


def test_a_folder_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidParameterError, match=r"Got path='.*'; expected .* a journal.*track list"
    ):
        replay_journal(tmp_path)


def test_a_journal_for_a_dead_server_stays(tmp_path: Path) -> None:
    journal = journal_for(DEAD, tmp_path)
    for _ in range(2):
        with pytest.raises(TrackingError, match=r"refused.*The journal is kept"):
            replay_journal(journal.path)
    assert journal.is_there


def test_a_journal_that_is_still_written_is_left_alone(tmp_path: Path) -> None:
    journal = journal_for(DEAD, tmp_path)
    with (
        journal.lock(),
        pytest.raises(TrackingError, match="when that has ended"),
    ):
        replay_journal(journal.path)
    assert journal.is_there


def test_a_password_must_be_given_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = journal_for("http://me:***@127.0.0.1:9", tmp_path)
    with pytest.raises(
        InvalidParameterError, match=r"tracking_uri=None; expected .*password"
    ):
        replay_journal(journal.path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@127.0.0.1:9")
    with pytest.raises(TrackingError, match="refused"):
        replay_journal(journal.path)


def test_a_journal_that_has_arrived_is_just_removed(tmp_path: Path) -> None:
    journal = journal_for(DEAD, tmp_path)
    note_sent(journal.answers(DEAD), journal.n_bytes())
    assert replay_journal(journal.path).n_records == 0
    assert not journal.path.exists()
