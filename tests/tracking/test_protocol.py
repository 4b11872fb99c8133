"""All trackers keep one protocol, and a run ends with the status that fits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hybridml.tracking import (
    MLflowTracker,
    NullTracker,
    RecordingTracker,
    Run,
    Tracker,
)

FAST = [NullTracker(), RecordingTracker()]


@pytest.mark.parametrize("tracker", [*FAST, MLflowTracker()], ids=lambda t: type(t))
def test_every_tracker_keeps_the_protocol(tracker: Tracker) -> None:
    assert isinstance(tracker, Tracker)
    assert tracker.where()


@pytest.mark.parametrize("tracker", FAST, ids=lambda t: type(t).__name__)
def test_every_run_keeps_the_protocol(tracker: Tracker, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    with tracker.run("fit", tags={"case": "1"}) as run, run.child("fold 1") as child:
        for each in (run, child):
            assert isinstance(each, Run)
            each.log_params({"C": 1.0, "nested": {"a": [1]}})
            each.log_metrics({"accuracy": 0.5}, step=3)
            each.set_tags({"winner": "yes"})
            each.log_dataset("photos", "1f", {"n_images": 3})
            each.log_text("hello", "notes/a.txt")
            each.log_file(tmp_path / "a.txt")


@pytest.mark.parametrize("tracker", FAST, ids=lambda t: type(t).__name__)
def test_exceptions_go_on(tracker: Tracker) -> None:
    with pytest.raises(ZeroDivisionError, match="division"), tracker.run("fit"):
        _ = 1 / 0


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (None, "FINISHED"),
        (ValueError, "FAILED"),
        (SystemExit, "FAILED"),
        (KeyboardInterrupt, "KILLED"),
    ],
)
def test_status_tells_how_the_block_was_left(error, status: str) -> None:
    tracker = RecordingTracker()
    try:
        with tracker.run("fit") as run, run.child("fold"):
            if error is not None:
                raise error
    except (ValueError, SystemExit, KeyboardInterrupt):
        pass
    assert [recorded.status for recorded in tracker.all_runs()] == [status, status]


def test_importing_tracking_loads_neither_mlflow_nor_sqlalchemy() -> None:
    code = (
        "import sys; from hybridml.tracking import MLflowTracker;"
        "MLflowTracker().where();"
        "found = {'mlflow', 'sqlalchemy', 'torch'} & set(sys.modules);"
        "assert not found, found"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
