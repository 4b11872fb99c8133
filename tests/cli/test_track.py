"""What waits can be listed and sent from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridml.tracking.journal.folder import About, JournalFolder
from hybridml.tracking.journal.lines import append_line
from hybridml.tracking.journal.place import default_journal_root
from hybridml.tracking.journal.records import create_run, end_run, log_values


def waiting_journal(uri: str) -> JournalFolder:
    about = About(uri, "pets", 1.0, 1e9)
    journal = JournalFolder.create(default_journal_root(), about)
    append_line(journal.records, create_run("top", "compare", {}, ""))
    append_line(journal.records, log_values("top", metrics=[("loss", 0.5, 7, 1)]))
    append_line(journal.records, end_run("top", "FINISHED"))
    return journal


@pytest.mark.parametrize("command", ["list", "replay"])
def test_nothing_waits_at_first(typed, command: str) -> None:
    done = typed("track", command)
    assert (done.code, done.out) == (0, "")
    assert "Nothing waits." in done.err


def test_what_waits_is_listed(typed) -> None:
    journal = waiting_journal("http://server:5000")
    done = typed("track", "list")
    assert done.code == 0
    assert str(journal.path) in done.out
    assert "3 records" in done.out
    assert "http://server:5000, experiment 'pets'" in done.out
    (listed,) = typed("track", "list", "--json").json
    assert listed["path"] == str(journal.path)
    assert listed["n_records"] == 3


def test_a_journal_that_is_written_is_not_replayed_with_the_others(typed) -> None:
    journal = waiting_journal("http://127.0.0.1:9")
    with journal.lock():
        assert "still being written" in typed("track", "list").out
        assert "Nothing waits." in typed("track", "replay").err


def test_a_server_that_is_still_dead_is_an_error_of_one_line(typed) -> None:
    journal = waiting_journal("http://127.0.0.1:9")
    done = typed("track", "replay", journal.path)
    assert done.code == 1
    assert "The journal is kept" in done.err
    assert "Traceback" not in done.err
    assert journal.is_there


def test_a_folder_that_is_no_journal_is_a_wrong_parameter(
    typed, tmp_path: Path
) -> None:
    done = typed("track", "replay", tmp_path)
    assert done.code == 4
    assert "expected the folder of a journal" in done.err


@pytest.mark.slow  # setting a store up takes seconds
def test_what_waits_is_sent(typed, tmp_path: Path) -> None:
    from mlflow.tracking import MlflowClient

    uri = f"sqlite:///{tmp_path}/mlflow.db"
    journal = waiting_journal(uri)
    done = typed("track", "replay")
    assert done.code == 0, done.err
    assert f"3 records are at {uri} now" in done.err
    assert not journal.path.exists()
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("pets")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.run_name == "compare"
    assert run.data.metrics == {"loss": 0.5}
