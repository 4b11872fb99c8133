"""A tracker without its store warns once, and the work goes on."""

from __future__ import annotations

import pickle
import warnings
from importlib import metadata
from pathlib import Path

import pytest

from hybridml.exceptions import InvalidParameterError, TrackingWarning
from hybridml.tracking import MLflowTracker, list_journals


def work(tracker: MLflowTracker, file: Path) -> None:
    with tracker.run("parent") as run:
        run.log_params({"C": 1})
        for fold in range(3):
            with run.child(f"fold {fold}") as child:
                child.log_metrics({"accuracy": 0.5}, step=fold)
        run.set_tags({"winner": "yes"})
        run.log_text("hello", "a.txt")
        run.log_file(file)


def test_a_dead_server_is_warned_about_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    tracker = MLflowTracker("http://me:secret@127.0.0.1:9")
    with pytest.warns(
        TrackingWarning, match=r"127\.0\.0\.1:9 cannot be used.*refused.*track replay"
    ) as caught:
        work(tracker, tmp_path / "a.txt")
    assert len(caught) == 1
    assert "secret" not in str(caught[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        work(tracker, tmp_path / "a.txt")


def test_a_file_that_is_no_database_is_warned_about_once(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    path.write_text("this is a letter to my aunt, and no database" * 100)
    tracker = MLflowTracker(f"sqlite:///{path}")
    with pytest.warns(TrackingWarning, match="not a database.*track replay") as caught:
        work(tracker, path)
    assert len(caught) == 1
    assert path.read_text().startswith("this is a letter")


def test_exceptions_go_on_through_a_dead_tracker() -> None:
    tracker = MLflowTracker("http://127.0.0.1:9")
    with (
        pytest.warns(TrackingWarning, match="refused"),
        pytest.raises(ZeroDivisionError, match="division"),
        tracker.run("fit"),
    ):
        _ = 1 / 0


def test_making_a_tracker_touches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert str(tmp_path / "mlflow.db") in MLflowTracker().where()
    assert list(tmp_path.iterdir()) == []


def test_where_does_not_claim_what_a_dead_server_never_got() -> None:
    tracker = MLflowTracker("http://127.0.0.1:9", timeout_s=1)
    with pytest.warns(TrackingWarning, match="refused"), tracker.run("lost"):
        pass
    (waiting,) = list_journals()
    assert str(waiting.path) in tracker.where()


def test_a_dead_server_costs_nothing_that_was_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    tracker = MLflowTracker("http://127.0.0.1:9", journal=tmp_path / "journals")
    with pytest.warns(TrackingWarning, match="refused"):
        work(tracker, tmp_path / "a.txt")
    work(tracker, tmp_path / "a.txt")
    (waiting,) = list_journals(tmp_path / "journals")
    n_told = 4 * 2 + 3 + 4  # runs begun and ended, metrics of the folds, the rest
    assert waiting.n_records == 2 * n_told
    assert len(list(waiting.path.glob("files/*/a.txt"))) == 2


def test_where_names_the_experiment() -> None:
    told = MLflowTracker("http://a:1", experiment="pets").where()
    assert told == "MLflow at http://a:1, experiment 'pets'"


def test_a_tracker_survives_pickling() -> None:
    tracker = MLflowTracker("http://127.0.0.1:9", experiment="pets", timeout_s=2.0)
    assert pickle.loads(pickle.dumps(tracker)).where() == tracker.where()


def test_all_wrong_parameters_are_named() -> None:
    with pytest.raises(
        InvalidParameterError,
        match=r"tracking_uri=3.*experiment=''.*timeout_s=0.*journal=''",
    ):
        MLflowTracker(3, experiment="", timeout_s=0, journal="")


def test_without_mlflow_it_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    with pytest.raises(ImportError, match="pip install mlflow"):
        MLflowTracker()
