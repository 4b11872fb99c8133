"""What is told to the tracker is found again in every kind of store."""

from __future__ import annotations

import json
import logging
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hybridml._environment import git_commit
from hybridml.exceptions import TrackingWarning
from hybridml.tracking import MLflowTracker, Run, list_journals, replay_journal

HOME = str(Path(__file__).resolve().parents[2])


def record_curve(run: Run) -> None:
    for step in range(3):
        run.log_metrics({"accuracy": 0.5}, step=step)


def files_of(store, run_id: str, folder: str | None = None) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in store.client.list_artifacts(run_id, folder):
        if file.is_dir:
            found |= files_of(store, run_id, file.path)
        else:
            path = Path(store.client.download_artifacts(run_id, file.path))
            found[file.path] = path.read_text(encoding="utf-8")
    return found


def test_values_are_found_again(store) -> None:
    with store.tracker().run("values", {"case": "1"}) as run:
        run.log_params({"C": 0.5, "none": None, "empty": "", "long": "y" * 9000})
        run.log_metrics({"accuracy": 0.75, "top-5 [%]": 99})
        run.set_tags({"winner": "yes"})
    found = store.run("values")
    assert found.data.params["C"] == "0.5"
    assert found.data.params["none"] == "None"
    assert found.data.params["empty"] == ""
    assert len(found.data.params["long"]) == 6000
    assert found.data.metrics == {"accuracy": 0.75, "top-5 ___": 99.0}
    assert found.data.tags["case"] == "1"
    assert found.data.tags["winner"] == "yes"
    assert found.data.tags["mlflow.source.name"]
    assert found.data.tags["mlflow.user"]


def test_the_times_are_those_of_the_work(store) -> None:
    began_ms = time.time() * 1000
    with store.tracker().run("times") as run:
        run.log_metrics({"accuracy": 0.5})
    found = store.run("times")
    (point,) = store.client.get_metric_history(found.info.run_id, "accuracy")
    ended_ms = time.time() * 1000
    times_ms = [found.info.start_time, point.timestamp, found.info.end_time]
    assert [began_ms - 1, *times_ms, ended_ms] == sorted(
        [began_ms - 1, *times_ms, ended_ms]
    )


@pytest.mark.parametrize(
    "text",
    ["Größe ✓ 猫 🐈", "a\0b", "half: \ud83d", "two\nlines\ttab", "' \" ; -- % \\ {}"],
    ids=["unicode", "nul", "surrogate", "white", "quotes"],
)
def test_any_text_is_kept_but_for_what_no_store_holds(store, text: str) -> None:
    with store.tracker().run(f"run {text}", {"tag": text}) as run:
        run.log_params({"param": text})
        run.set_tags({"later": text})
    (found,) = store.runs()
    kept = text.replace("\0", "?").replace("\ud83d", "?")
    assert found.info.run_name == f"run {kept}"
    assert found.data.params == {"param": kept}
    assert found.data.tags["tag"] == found.data.tags["later"] == kept


def test_the_longest_texts_fit_together(store) -> None:
    with store.tracker().run("x" * 300, {"first": "ä" * 9000}) as run:
        run.log_params({f"{i}{'p' * 300}": "猫" * 7000 for i in range(100)})
        run.set_tags({f"{i}{'t' * 300}": "ä" * 9000 for i in range(100)})
    (found,) = store.runs()
    assert len(found.info.run_name) == 250
    assert {len(value) for value in found.data.params.values()} == {6000}
    assert len(found.data.params) == 100
    assert {len(v) for k, v in found.data.tags.items() if "t" * 99 in k} == {8000}
    assert len([k for k in found.data.tags if "t" * 99 in k]) == 100


def test_a_curve_keeps_its_steps(store) -> None:
    values = [3.0, 2.0, math.nan, math.inf, -math.inf, 5e-324, 1e308, 0.1 + 0.2]
    with store.tracker().run("curve") as run:
        for step, loss in enumerate(values):
            run.log_metrics({"loss": loss}, step=step)
    history = store.client.get_metric_history(store.run("curve").info.run_id, "loss")
    points = sorted(history, key=lambda point: point.step)
    assert [point.step for point in points] == list(range(len(values)))
    found = [point.value for point in points]
    assert math.isnan(found[2])
    assert found[:2] == values[:2]
    assert found[3] == -found[4] == pytest.approx(sys.float_info.max)
    assert found[5:] == values[5:]


def test_the_last_of_a_curve_is_its_latest_value(store) -> None:
    with store.tracker().run("latest") as run:
        for step, loss in enumerate([0.3, 0.2, math.nan]):
            run.log_metrics({"loss": loss, "down": -step}, step=step)
    found = store.run("latest").data.metrics
    assert math.isnan(found["loss"])
    assert found["down"] == -2


def test_more_values_than_one_batch_takes(store) -> None:
    with store.tracker().run("many") as run:
        run.log_params({f"p{i}": i for i in range(250)})
        run.log_metrics({f"m{i}": i for i in range(1200)})
        run.set_tags({f"t{i}": str(i) for i in range(150)})
    data = store.run("many").data
    assert len(data.params) == 250
    assert len(data.metrics) == 1200
    assert data.tags["t149"] == "149"


def test_children_hang_below_their_parent(store) -> None:
    with (
        store.tracker().run("top") as run,
        run.child("below") as child,
        child.child("lowest"),
    ):
        pass
    top, below, lowest = (store.run(name) for name in ("top", "below", "lowest"))
    assert below.data.tags["mlflow.parentRunId"] == top.info.run_id
    assert lowest.data.tags["mlflow.parentRunId"] == below.info.run_id
    assert "mlflow.parentRunId" not in top.data.tags


@pytest.mark.parametrize(
    ("error", "status"),
    [(None, "FINISHED"), (ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")],
)
def test_status_tells_how_the_block_was_left(store, error, status: str) -> None:
    try:
        with store.tracker().run(f"left by {status}"):
            if error is not None:
                raise error
    except (ValueError, KeyboardInterrupt):
        pass
    assert store.run(f"left by {status}").info.status == status


def test_a_run_is_seen_while_it_goes_on(store) -> None:
    with store.tracker().run("going on") as run:
        run_id = run.run_id
        run.log_metrics({"accuracy": 0.5})
        deadline = time.monotonic() + 20
        while "accuracy" not in store.client.get_run(run_id).data.metrics:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert store.client.get_run(run_id).info.status == "RUNNING"


def test_what_is_learned_from_is_an_input_of_the_run(store) -> None:
    facts = {"n_images": 3, "images_per_class": {"Katze": 2, "猫": 1}}
    for name in ("first", "second"):
        with store.tracker().run(name) as run:
            run.log_dataset("images", "1f" * 16, facts)
    for name in ("first", "second"):
        (found,) = store.client.get_run(
            store.run(name).info.run_id
        ).inputs.dataset_inputs
        assert (found.dataset.name, found.dataset.digest) == ("images", "1f" * 16)
        assert json.loads(found.dataset.profile) == facts
        assert [(tag.key, tag.value) for tag in found.tags] == [
            ("mlflow.data.context", "training")
        ]


def test_a_run_tells_the_commit_of_the_working_folder(store) -> None:
    with store.tracker().run("of a commit") as run, run.child("below"):
        pass
    tags = store.run("of a commit").data.tags
    assert tags.get("mlflow.source.git.commit", "") == git_commit()
    assert "mlflow.source.git.commit" not in store.run("below").data.tags


def test_files_are_found_again_under_their_names(
    store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "report.html").write_text("<p>hello</p>")
    with store.tracker().run("files") as run:
        run.log_text("hello", "notes/a.txt")
        run.log_text("Größe", "notes/b.txt")
        run.log_file(tmp_path / "report.html")
    assert files_of(store, store.run("files").info.run_id) == {
        "notes/a.txt": "hello",
        "notes/b.txt": "Größe",
        "report.html": "<p>hello</p>",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize(
    "name", ["run #1.txt", "what?.txt", "50%20.txt", "Größe ✓.txt", "a+b&c=d.txt"]
)
def test_files_of_any_name_are_kept(store, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("a file")
    with store.tracker().run("odd names") as run:
        run.log_text("a text", f"notes {name}/{name}")
        run.log_file(tmp_path / name)
    kept = files_of(store, store.run("odd names").info.run_id)
    assert sorted(kept.values()) == ["a file", "a text"]
    assert all(path.endswith(".txt") for path in kept)


def test_a_file_that_is_not_there_is_the_callers_mistake(store) -> None:
    with (
        store.tracker().run("no file") as run,
        pytest.raises(FileNotFoundError, match="expected a file that exists"),
    ):
        run.log_file("nope.txt")


def test_a_refused_value_costs_only_itself(store) -> None:
    with pytest.warns(TrackingWarning, match="refuses a value, the rest is kept"):
        record_refused(store.tracker())
    found = store.run("refused")
    assert found.data.params == {"C": "1"}
    assert found.data.metrics == {"accuracy": 0.5}
    assert list_journals() == []


def record_refused(tracker: MLflowTracker) -> None:
    with tracker.run("refused") as run:
        run.log_params({"C": 1})
        run.log_params({"C": 2})
        run.log_metrics({"accuracy": 0.5})


def test_nothing_global_changes_and_nothing_is_printed(
    store, capfd: pytest.CaptureFixture[str]
) -> None:
    import mlflow

    def state() -> tuple[object, ...]:
        level = logging.getLogger("mlflow").level
        return mlflow.get_tracking_uri(), mlflow.active_run(), dict(os.environ), level

    before = state()
    with store.tracker().run("quiet") as run:
        run.log_metrics({"accuracy": 0.5})
        assert run.run_id
        assert state() == before
    assert state() == before
    assert capfd.readouterr() == ("", "")


def test_a_deleted_experiment_is_warned_about_and_may_come_back(store) -> None:
    experiment_id = store.client.create_experiment(store.experiment)
    store.client.delete_experiment(experiment_id)
    with (
        pytest.warns(TrackingWarning, match="deleted"),
        store.tracker().run("fit") as run,
    ):
        record_curve(run)
    assert run.run_id is None
    (waiting,) = list_journals()
    store.client.restore_experiment(experiment_id)
    replay_journal(waiting.path)
    (found,) = store.runs()
    assert found.data.metrics == {"accuracy": 0.5}


def test_two_processes_can_begin_one_experiment_at_once(store) -> None:
    code = (
        "import sys, warnings; warnings.simplefilter('error', UserWarning);"
        "from hybridml.tracking import MLflowTracker\n"
        "with MLflowTracker(*sys.argv[1:]).run('fit') as run:\n"
        "    run.log_metrics({'accuracy': 0.5})"
    )
    command = [sys.executable, "-c", code, store.uri, store.experiment]
    home = {**os.environ, "PYTHONPATH": HOME}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    both = [subprocess.Popen(command, env=home, **pipes) for _ in "ab"]
    said = [process.communicate(timeout=200)[0] for process in both]
    assert said == ["", ""]
    assert [run.data.metrics for run in store.runs()] == [{"accuracy": 0.5}] * 2
