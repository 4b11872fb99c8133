"""A server killed in the middle, and a store that in the end lacks nothing."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hybridml import compare_transfer_cases
from hybridml.exceptions import TrackingError, TrackingWarning
from hybridml.tracking import MLflowTracker, list_journals, replay_journal
from hybridml.tracking.journal.records import KEY_TAG

DEAD = "http://127.0.0.1:9"
HOME = str(Path(__file__).resolve().parents[3])


def compare(tracker: MLflowTracker, folder: Path, kill: Any = None) -> None:
    """Record a comparison; call `kill` in the middle of its second case."""
    with tracker.run("compare", {"kind": "test"}) as run:
        run.log_params({"n_folds": 2, "note": "ä"})
        run.log_dataset("images", "1f", {"n_images": 3})
        for case in range(3):
            with run.child(f"case {case}", {"case": str(case)}) as child:
                for fold in range(2):
                    with child.child(f"fold {fold}") as lowest:
                        lowest.log_metrics({"loss": 1.0 / (1 + fold)}, step=fold)
                        lowest.log_metrics({"loss": 0.5, "nan": float("nan")}, step=9)
                        lowest.log_text(f"{case}.{fold}", "notes/a.txt")
                        if kill is not None and (case, fold) == (1, 0):
                            kill(run)
                    child.log_metrics({"score": 0.1 * fold}, step=fold)
                child.set_tags({"best": "0"})
                child.set_tags({"best": "1"})
        picture = folder / "picture.svg"
        picture.write_text("<svg/>")
        run.log_file(picture)
        picture.unlink()  # what is to be sent is not there any more
        run.log_metrics({"score": 0.5})


def content_of(uri: str, experiment: str) -> list[dict[str, Any]]:
    """All runs of an experiment, but for what is different each time."""
    from mlflow.tracking import MlflowClient

    client = MlflowClient(uri)
    runs = runs_of(client, experiment)
    names = {run.info.run_id: run.info.run_name for run in runs}
    content = [_content(client, run, names) for run in runs]
    return sorted(content, key=lambda run: (run["path"], run["name"]))


def runs_of(client: Any, experiment: str) -> list[Any]:
    found = client.get_experiment_by_name(experiment)
    return list(client.search_runs([found.experiment_id], max_results=1000))


def _content(client: Any, run: Any, names: dict[str, str]) -> dict[str, Any]:
    tags = dict(run.data.tags)
    parent_id = tags.pop("mlflow.parentRunId", None)
    del tags[KEY_TAG]
    grandparent = ""
    if parent_id:
        above = client.get_run(parent_id).data.tags.get("mlflow.parentRunId")
        grandparent = names.get(above, "")
    run_id = run.info.run_id
    return {
        "path": f"{grandparent}/{names.get(parent_id, '')}",
        "name": run.info.run_name,
        "status": run.info.status,
        "params": run.data.params,
        "tags": {name: value for name, value in tags.items() if name != "mlflow.user"},
        "metrics": {
            name: [
                (point.step, str(point.value))
                for point in client.get_metric_history(run_id, name)
            ]
            for name in run.data.metrics
        },
        "datasets": [
            (found.dataset.name, found.dataset.digest, found.dataset.profile)
            for found in client.get_run(run_id).inputs.dataset_inputs
        ],
        "latest": {name: str(value) for name, value in run.data.metrics.items()},
        "files": {
            path: Path(client.download_artifacts(run_id, path)).read_bytes()
            for path in _files(client, run_id, None)
        },
    }


def _files(client: Any, run_id: str, folder: str | None) -> Iterator[str]:
    for found in client.list_artifacts(run_id, folder):
        if found.is_dir:
            yield from _files(client, run_id, found.path)
        else:
            yield found.path


@pytest.fixture(scope="module")
def undisturbed(
    sqlite_store: str, tmp_path_factory: pytest.TempPathFactory
) -> list[dict[str, Any]]:
    """What each kind of store is to hold in the end."""
    tracker = MLflowTracker(sqlite_store, "undisturbed")
    compare(tracker, tmp_path_factory.mktemp("undisturbed"))
    found = content_of(sqlite_store, "undisturbed")
    assert len(found) == 10
    assert list_journals() == []
    return found


@pytest.fixture
def killed(
    tmp_path: Path, start_server, database: str, experiment: str
) -> tuple[str, Path]:
    """Address of a server that was killed in the middle, and the journal."""
    with start_server(tmp_path, database=database) as server:

        def kill(run: Any) -> None:
            assert run.run_id is not None  # some of it has arrived
            server.end()

        tracker = MLflowTracker(server.uri, experiment, timeout_s=1.0)
        with pytest.warns(TrackingWarning, match="track replay") as caught:
            compare(tracker, tmp_path, kill)
    assert len(caught) == 1
    (waiting,) = list_journals()
    assert str(waiting.path) in str(caught[0].message)
    assert "the rest is in the journal" in tracker.where()
    return server.uri, waiting.path


def port_of(uri: str) -> int:
    return int(uri.rpartition(":")[2])


def test_a_server_killed_in_the_middle_ends_up_with_everything(
    killed: tuple[str, Path],
    tmp_path: Path,
    start_server,
    database: str,
    experiment: str,
    undisturbed: list[dict[str, Any]],
) -> None:
    uri, journal = killed
    ended_ms = time.time() * 1000
    with pytest.raises(TrackingError, match=r"refused.*journal is kept"):
        replay_journal(journal)
    with start_server(tmp_path, port_of(uri), database):
        replay_journal(journal)
        assert content_of(uri, experiment) == undisturbed
        assert all(ms <= ended_ms for ms in times_of(uri, experiment))
    assert list_journals() == []


def test_a_replay_that_is_killed_can_be_repeated(
    killed: tuple[str, Path],
    tmp_path: Path,
    start_server,
    database: str,
    experiment: str,
    undisturbed: list[dict[str, Any]],
) -> None:
    uri, journal = killed
    with start_server(tmp_path, port_of(uri), database):
        answers = journal / "answers.jsonl"
        n_before = len(answers.read_text().splitlines())
        code = (
            "import sys; from hybridml.tracking import *; replay_journal(sys.argv[1])"
        )
        command = [sys.executable, "-c", code, str(journal)]
        home = {**os.environ, "PYTHONPATH": HOME}
        with subprocess.Popen(command, env=home) as first:
            while len(answers.read_text().splitlines()) <= n_before:
                assert first.poll() is None
                time.sleep(0.001)
            first.send_signal(signal.SIGKILL)
        replay_journal(journal)
        assert content_of(uri, experiment) == undisturbed
    assert list_journals() == []


def test_any_store_can_take_what_another_missed(
    store, tmp_path: Path, undisturbed: list[dict[str, Any]]
) -> None:
    tracker = MLflowTracker(DEAD, store.experiment)
    with pytest.warns(TrackingWarning, match="track replay"):
        compare(tracker, tmp_path)
    (waiting,) = list_journals()
    replay_journal(waiting.path, store.uri)
    assert content_of(store.uri, store.experiment) == undisturbed
    assert list_journals() == []


def test_work_that_is_killed_leaves_what_it_told(store) -> None:
    code = (
        "import os, signal, sys; from hybridml.tracking import MLflowTracker\n"
        "with MLflowTracker(*sys.argv[1:]).run('killed') as run:\n"
        "    run.log_metrics({'loss': 0.5}); os.kill(os.getpid(), signal.SIGKILL)"
    )
    home = {**os.environ, "PYTHONPATH": HOME}
    command = [sys.executable, "-c", code, store.uri, store.experiment]
    subprocess.run(command, env=home, check=False)
    deadline = time.monotonic() + 120
    while list_journals():  # it is still being sent
        assert time.monotonic() < deadline
        time.sleep(0.1)
    (found,) = content_of(store.uri, store.experiment)
    assert found["latest"] == {"loss": "0.5"}
    assert found["status"] == "RUNNING"


@pytest.mark.timeout(900)
def test_a_comparison_whose_server_dies_is_recorded_as_if_it_had_not(
    tmp_path: Path, start_server, database: str, experiment: str, sqlite_store: str
) -> None:
    with start_server(tmp_path, database=database) as server:
        tracker = MLflowTracker(server.uri, experiment, timeout_s=1.0)
        with pytest.warns(TrackingWarning, match="track replay"):
            compare_cases(tracker, lambda: kill_when_some_has_arrived(server))
    (waiting,) = list_journals()
    compare_cases(MLflowTracker(sqlite_store, experiment), lambda: None)
    with start_server(tmp_path, port_of(server.uri), database):
        replay_journal(waiting.path)
        found = [without_times(run) for run in content_of(server.uri, experiment)]
    other = [without_times(run) for run in content_of(sqlite_store, experiment)]
    assert found == other
    assert len(found) > 5


def compare_cases(tracker: MLflowTracker, disturb: Callable[[], None]) -> None:
    """Compare cases on noise; `disturb` is called after the second of its folds."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)
    n_steps = itertools.count()

    def on_step(step: object) -> None:
        if next(n_steps) == 5:
            disturb()

    comparison = compare_transfer_cases(
        images,
        ["a", "b"] * 6,
        backbones="lenet5",
        weights=None,
        cases=[1, 4],
        epochs=1,
        cv=2,
        store=None,
        journal=None,
        tracker=tracker,
        on_step=on_step,
    )
    assert next(n_steps) > 6
    assert len(comparison.table) >= 2


def kill_when_some_has_arrived(server) -> None:
    (journal,) = list_journals()
    answers = journal.path / "answers.jsonl"
    deadline = time.monotonic() + 60
    while not (answers.exists() and "run_id" in answers.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    server.end()


def without_times(run: dict[str, Any]) -> dict[str, Any]:
    """Leave out what a comparison measures anew each time."""
    steps = {
        name: [step for step, _ in points] for name, points in run["metrics"].items()
    }
    scores = {k: v for k, v in run["latest"].items() if k.startswith("score")}
    names = {"tags": sorted(run["tags"]), "files": sorted(run["files"])}
    return {**run, **names, "metrics": steps, "latest": scores}


def times_of(uri: str, experiment: str) -> list[int]:
    from mlflow.tracking import MlflowClient

    runs = runs_of(MlflowClient(uri), experiment)
    return [ms for run in runs for ms in (run.info.start_time, run.info.end_time)]
