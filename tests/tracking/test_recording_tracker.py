"""The recording tracker keeps what it is told, in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridml.tracking import RecordedRun, RecordingTracker


def test_everything_told_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a")
    tracker = RecordingTracker()
    with tracker.run("fit", {"case": "1"}) as run:
        run.log_params({"C": 1.0})
        run.log_metrics({"accuracy": 0.5, "loss": 2}, step=3)
        run.log_metrics({"accuracy": 0.6})
        run.set_tags({"case": "2", "winner": "yes"})
        run.log_text("hello", "b.txt")
        run.log_file(str(path))
    assert tracker.runs == [
        RecordedRun(
            "fit",
            tags={"case": "2", "winner": "yes"},
            params={"C": 1.0},
            metrics=[("accuracy", 0.5, 3), ("loss", 2.0, 3), ("accuracy", 0.6, None)],
            texts={"b.txt": "hello"},
            files=[path],
            status="FINISHED",
        )
    ]


def test_children_are_below_their_parent_in_the_order_opened() -> None:
    tracker = RecordingTracker()
    with tracker.run("a") as run:
        with run.child("a1") as child, child.child("a11"):
            pass
        with run.child("a2"):
            pass
    with tracker.run("b"):
        pass
    assert [run.name for run in tracker.runs] == ["a", "b"]
    assert [run.name for run in tracker.all_runs()] == ["a", "a1", "a11", "a2", "b"]


def test_a_run_is_running_until_its_block_is_left() -> None:
    tracker = RecordingTracker()
    with tracker.run("fit"):
        assert tracker.runs[0].status == "RUNNING"
    assert tracker.runs[0].status == "FINISHED"


def test_a_file_that_is_not_there_is_the_callers_mistake(tmp_path: Path) -> None:
    with (
        RecordingTracker().run("fit") as run,
        pytest.raises(
            FileNotFoundError, match=r"Got path='.*nope.txt'; expected a file"
        ),
    ):
        run.log_file(tmp_path / "nope.txt")


def test_tags_given_are_not_shared_with_the_caller() -> None:
    tags = {"case": "1"}
    with RecordingTracker().run("fit", tags) as run:
        run.set_tags({"case": "2"})
    assert tags == {"case": "1"}
