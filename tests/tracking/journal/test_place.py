"""The environment may name the folder of the journals."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridml.tracking.journal.place import default_journal_root


def test_the_environment_names_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYBRIDML_JOURNAL", "/data/journals")
    assert default_journal_root() == Path("/data/journals")


def test_else_it_is_one_of_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HYBRIDML_JOURNAL")
    assert default_journal_root().parts[-2:] == ("hybridml", "journal")
