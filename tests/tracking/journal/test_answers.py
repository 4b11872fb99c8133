"""What the sending process notes is what the work hears."""

from __future__ import annotations

from pathlib import Path

from hybridml.tracking.journal.answers import (
    Answers,
    note_created,
    note_failed,
    note_refused,
    note_sent,
)


def test_what_is_noted_is_heard(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    answers = Answers(path)
    assert not answers.read()
    note_created(path, "key", "id")
    note_sent(path, 10)
    note_sent(path, 20)
    note_refused(path, "too long")
    assert answers.read()
    assert answers.run_ids == {"key": "id"}
    assert answers.n_sent == 20
    assert answers.refused == ["too long"]
    assert answers.failure is None
    note_failed(path, "gone")
    assert answers.read()
    assert answers.failure == "gone"
    assert not answers.read()
