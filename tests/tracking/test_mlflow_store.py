"""What is told to the tracker is found again in a real SQLite store."""

from __future__ import annotations

import logging
import math
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hybridml.exceptions import TrackingWarning
from hybridml.tracking import MLflowTracker, Run, list_journals, replay_journal

pytestmark = pytest.mark.slow  # setting a store up takes seconds


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of one database for all the tests here."""
    folder = tmp_path_factory.mktemp("store")
    uri = f"sqlite:///{folder}/mlflow.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        with MLflowTracker(uri).run("first"):
            pass
        yield uri


@pytest.fixture
def client(store: str):
    from mlflow.tracking import MlflowClient

    return MlflowClient(store)


def only_run(client, name: str):
    experiment = client.get_experiment_by_name("hybridml")
    (found,) = client.search_runs(
        [experiment.experiment_id], f"attributes.run_name = '{name}'"
    )
    return found


def record_curve(run: Run) -> None:
    for step in range(3):
        run.log_metrics({"accuracy": 0.5}, step=step)


def test_values_are_found_again(store: str, client) -> None:
    with MLflowTracker(store).run("values", {"case": "1"}) as run:
        run.log_params({"C": 0.5, "none": None, "long": "y" * 9000})
        run.log_metrics({"accuracy": 0.75, "top-5 [%]": 99})
        run.set_tags({"winner": "yes"})
    found = only_run(client, "values")
    assert found.data.params["C"] == "0.5"
    assert found.data.params["none"] == "None"
    assert len(found.data.params["long"]) == 6000
    assert found.data.metrics == {"accuracy": 0.75, "top-5 ___": 99.0}
    assert found.data.tags["case"] == "1"
    assert found.data.tags["winner"] == "yes"
    assert found.data.tags["mlflow.source.name"]
    assert found.data.tags["mlflow.user"]
    assert found.info.end_time >= found.info.start_time


def test_a_curve_keeps_its_steps(store: str, client) -> None:
    with MLflowTracker(store).run("curve") as run:
        for step, loss in enumerate([3.0, 2.0, math.nan, math.inf]):
            run.log_metrics({"loss": loss}, step=step)
    history = client.get_metric_history(only_run(client, "curve").info.run_id, "loss")
    assert [point.step for point in history] == [0, 1, 2, 3]
    assert [point.value for point in history[:2]] == [3.0, 2.0]
    assert math.isnan(history[2].value)
    assert history[3].value == pytest.approx(sys.float_info.max)


def test_more_values_than_one_batch_takes(store: str, client) -> None:
    with MLflowTracker(store).run("many") as run:
        run.log_params({f"p{i}": i for i in range(250)})
        run.log_metrics({f"m{i}": i for i in range(1200)})
        run.set_tags({f"t{i}": str(i) for i in range(150)})
    data = only_run(client, "many").data
    assert len(data.params) == 250
    assert len(data.metrics) == 1200
    assert data.tags["t149"] == "149"


def test_children_hang_below_their_parent(store: str, client) -> None:
    with (
        MLflowTracker(store).run("top") as run,
        run.child("below") as child,
        child.child("lowest"),
    ):
        pass
    top, below, lowest = (only_run(client, n) for n in ("top", "below", "lowest"))
    assert below.data.tags["mlflow.parentRunId"] == top.info.run_id
    assert lowest.data.tags["mlflow.parentRunId"] == below.info.run_id
    assert "mlflow.parentRunId" not in top.data.tags


@pytest.mark.parametrize(
    ("error", "status"),
    [(None, "FINISHED"), (ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")],
)
def test_status_tells_how_the_block_was_left(
    store: str, client, error, status: str
) -> None:
    try:
        with MLflowTracker(store).run(f"left by {status}"):
            if error is not None:
                raise error
    except (ValueError, KeyboardInterrupt):
        pass
    assert only_run(client, f"left by {status}").info.status == status


def test_files_are_kept_beside_the_database(
    store: str, client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "report.html").write_text("<p>hello</p>")
    with MLflowTracker(store).run("files") as run:
        run.log_text("hello", "notes/a.txt")
        run.log_file(tmp_path / "report.html")
    folder = Path(store.removeprefix("sqlite:///")).parent / "mlruns" / "hybridml"
    artifacts = folder / only_run(client, "files").info.run_id / "artifacts"
    assert (artifacts / "notes" / "a.txt").read_text() == "hello"
    assert (artifacts / "report.html").read_text() == "<p>hello</p>"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_file_that_is_not_there_is_the_callers_mistake(store: str) -> None:
    with (
        MLflowTracker(store).run("no file") as run,
        pytest.raises(FileNotFoundError, match="expected a file that exists"),
    ):
        run.log_file("nope.txt")


def test_a_refused_value_costs_only_itself(store: str, client) -> None:
    with pytest.warns(TrackingWarning, match="refuses a value, the rest is kept"):
        record_refused(MLflowTracker(store))
    found = only_run(client, "refused")
    assert found.data.params == {"C": "1"}
    assert found.data.metrics == {"accuracy": 0.5}
    assert list_journals() == []


def record_refused(tracker: MLflowTracker) -> None:
    with tracker.run("refused") as run:
        run.log_params({"C": 1})
        run.log_params({"C": 2})
        run.log_metrics({"accuracy": 0.5})


def test_nothing_global_changes_and_nothing_is_printed(
    store: str, capfd: pytest.CaptureFixture[str]
) -> None:
    import mlflow

    def state() -> tuple[object, ...]:
        level = logging.getLogger("mlflow").level
        return mlflow.get_tracking_uri(), mlflow.active_run(), dict(os.environ), level

    before = state()
    with MLflowTracker(store).run("quiet") as run:
        run.log_metrics({"accuracy": 0.5})
        assert run.run_id
        assert state() == before
    assert state() == before
    assert capfd.readouterr() == ("", "")


def record_behind_a_lock(tracker: MLflowTracker, path: str) -> None:
    with closing(sqlite3.connect(path)) as other:
        with tracker.run("locked") as run:
            assert run.run_id
            other.execute("BEGIN EXCLUSIVE")
            record_curve(run)
        other.rollback()


def test_a_lock_that_stays_is_warned_about_once_and_in_time(store: str, client) -> None:
    tracker = MLflowTracker(store, timeout_s=0.3)
    with pytest.warns(TrackingWarning, match="locked") as caught:
        record_behind_a_lock(tracker, store.removeprefix("sqlite:///"))
    assert len(caught) == 1
    (waiting,) = list_journals()
    assert only_run(client, "locked").data.metrics == {}
    replay_journal(waiting.path)
    assert only_run(client, "locked").data.metrics == {"accuracy": 0.5}


def test_a_deleted_experiment_is_warned_about_and_may_come_back(
    store: str, client
) -> None:
    experiment_id = client.create_experiment("gone")
    client.delete_experiment(experiment_id)
    tracker = MLflowTracker(store, experiment="gone")
    with pytest.warns(TrackingWarning, match="deleted"), tracker.run("fit") as run:
        record_curve(run)
    assert run.run_id is None
    (waiting,) = list_journals()
    client.restore_experiment(experiment_id)
    replay_journal(waiting.path)
    (found,) = client.search_runs([experiment_id])
    assert found.data.metrics == {"accuracy": 0.5}


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
