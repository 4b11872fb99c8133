"""A database in a file: set up, locked, and with the files of its runs beside it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from hybridml.exceptions import TrackingWarning
from hybridml.tracking import MLflowTracker, list_journals, replay_journal

pytestmark = pytest.mark.slow  # setting a store up takes seconds


def test_files_are_kept_beside_the_database(
    sqlite_store: str, experiment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with MLflowTracker(sqlite_store, experiment).run("files") as run:
        run.log_text("hello", "notes/a.txt")
    folder = Path(sqlite_store.removeprefix("sqlite:///")).parent / "mlruns"
    artifacts = folder / experiment.replace(" ", "_") / str(run.run_id) / "artifacts"
    assert (artifacts / "notes" / "a.txt").read_text() == "hello"
    assert list(tmp_path.iterdir()) == []


def record_behind_a_lock(tracker: MLflowTracker, path: str) -> None:
    with closing(sqlite3.connect(path)) as other:
        with tracker.run("locked") as run:
            assert run.run_id
            other.execute("BEGIN EXCLUSIVE")
            run.log_metrics({"accuracy": 0.5})
        other.rollback()


def test_a_lock_that_stays_is_warned_about_once_and_in_time(
    sqlite_store: str, experiment: str
) -> None:
    tracker = MLflowTracker(sqlite_store, experiment, timeout_s=0.3)
    with pytest.warns(TrackingWarning, match="locked") as caught:
        record_behind_a_lock(tracker, sqlite_store.removeprefix("sqlite:///"))
    assert len(caught) == 1
    (waiting,) = list_journals()
    assert metrics_in(sqlite_store, experiment) == {}
    replay_journal(waiting.path)
    assert metrics_in(sqlite_store, experiment) == {"accuracy": 0.5}


def metrics_in(uri: str, experiment: str) -> dict[str, float]:
    from mlflow.tracking import MlflowClient

    client = MlflowClient(uri)
    found = client.get_experiment_by_name(experiment)
    (run,) = client.search_runs([found.experiment_id])
    return dict(run.data.metrics)


def test_two_processes_can_set_one_store_up_at_once(tmp_path: Path) -> None:
    code = (
        "import warnings; warnings.simplefilter('error', UserWarning);"
        "from hybridml.tracking import MLflowTracker\n"
        "with MLflowTracker().run('fit') as run: run.log_metrics({'accuracy': 0.5})"
    )
    home = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    command = [sys.executable, "-c", code]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    both = [subprocess.Popen(command, cwd=tmp_path, env=home, **pipes) for _ in "ab"]
    said = [process.communicate(timeout=200)[0] for process in both]
    assert said == ["", ""]
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database:
        assert database.execute("SELECT count(*) FROM runs").fetchone() == (2,)
