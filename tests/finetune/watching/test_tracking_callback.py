"""A fit is a run: its parameters, live epochs, its outcome, and how it ended."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from hybridml import MLflowTracker, NullTracker, RecordingTracker, track_search
from hybridml.exceptions import TrackingWarning
from hybridml.finetune import Callback, FineTuneClassifier, LogToTracker
from hybridml.tracking import RecordedRun


def _model(*callbacks: Callback, **params: Any) -> FineTuneClassifier:
    settings = {"epochs": 3, "store": None, "augmentation": "none", **params}
    return FineTuneClassifier("tiny", callbacks=callbacks, **settings)


def _record(photos: Any, **params: Any) -> tuple[FineTuneClassifier, RecordedRun]:
    tracker = RecordingTracker()
    model = _model(LogToTracker(tracker), **params).fit(*photos)
    (run,) = tracker.runs
    return model, run


def test_every_epoch_is_recorded_with_its_number(photos: Any) -> None:
    model, run = _record(photos)
    losses = [(v, step) for name, v, step in run.metrics if name == "valid_loss"]
    epochs = model.history_["epoch"].tolist()
    assert losses == list(zip(model.history_["valid_loss"], epochs, strict=True))
    steps = [step for name, _, step in run.metrics if name == "train_loss"]
    assert steps == epochs[1:]


def test_run_has_parameters_outcome_and_files(photos: Any) -> None:
    model, run = _record(photos, learning_rate=0.01)
    assert run.name == "fine-tune tiny"
    assert run.status == "FINISHED"
    assert run.tags["hybridml.estimator"] == "FineTuneClassifier"
    assert run.params["learning_rate"] == 0.01
    assert run.params["n_epochs"] == 3
    assert not {"callbacks", "store", "verbose", "n_jobs"} & set(run.params)
    final = {name: value for name, value, step in run.metrics if step is None}
    assert final["best_epoch"] == model.best_epoch_
    assert final["best_valid_loss"] == model.history_["valid_loss"].min()
    assert run.texts["history.csv"].count("\n") == len(model.history_) + 1
    assert run.texts["diagnosis.txt"].startswith(run.tags["hybridml.verdict"])
    assert [path.name for path in run.files] == ["history.png"]


def test_fits_of_a_search_are_children_of_its_run(photos: Any) -> None:
    tracker = RecordingTracker()
    search = GridSearchCV(
        _model(epochs=2), {"learning_rate": [1e-3, 1e-4]}, cv=2, refit=False
    )
    with track_search(search, tracker) as run:
        search.estimator.set_params(callbacks=[LogToTracker(run)])
        search.fit(*photos)
    (top,) = tracker.runs
    fits = [child for child in top.children if child.name == "fine-tune tiny"]
    assert [fit.params["learning_rate"] for fit in fits] == [1e-3, 1e-3, 1e-4, 1e-4]
    for fit in fits:
        assert {step for _, _, step in fit.metrics if step is not None} == {0, 1, 2}
    assert "callbacks=[LogToTracker(tracker)]" in top.tags["mlflow.note.content"]


def test_epochs_are_recorded_as_they_end(photos: Any) -> None:
    tracker, seen = RecordingTracker(), []

    class Look(Callback):
        def on_epoch_end(self, estimator: Any, metrics: Any) -> None:
            seen.append(len({step for _, _, step in tracker.runs[0].metrics}))

    _model(LogToTracker(tracker), Look()).fit(*photos)
    assert seen == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError("no"), "FAILED"), (KeyboardInterrupt(), "KILLED")]
)
def test_fit_that_fails_ends_its_run(error: BaseException, status: str) -> None:
    tracker = RecordingTracker()
    callback, model = LogToTracker(tracker, name="mine"), _model()
    model.n_epochs_ = 3
    callback.on_fit_begin(model)
    callback.on_epoch_end(model, {"epoch": 0, "valid_loss": 0.5})
    callback.on_fit_failed(model, error)
    (run,) = tracker.runs
    assert (run.name, run.status) == ("mine", status)
    assert run.texts == {"history.csv": "epoch,valid_loss\n0,0.5\n"}
    assert type(error).__name__ in run.tags["hybridml.error"]
    callback.on_fit_failed(model, error)  # a second word changes nothing


def test_each_clone_records_its_own_run_in_the_same_tracker(photos: Any) -> None:
    tracker = RecordingTracker()
    model = _model(LogToTracker(tracker), epochs=1)
    clone(model).fit(*photos)
    copy.deepcopy(model).fit(*photos)
    assert [run.status for run in tracker.runs] == 2 * ["FINISHED"]


def test_one_callback_serves_one_fit_after_the_other(photos: Any) -> None:
    tracker = RecordingTracker()
    model = _model(LogToTracker(tracker), epochs=1)
    model.fit(*photos).fit(*photos)
    assert [len(run.metrics) for run in tracker.runs] == 2 * [
        len(tracker.runs[0].metrics)
    ]


def test_run_that_was_left_open_is_closed_by_the_next() -> None:
    tracker = RecordingTracker()
    callback, model = LogToTracker(tracker), _model()
    model.n_epochs_ = 3
    callback.on_fit_begin(model)
    callback.on_fit_begin(model)
    assert [run.status for run in tracker.runs] == ["FAILED", "RUNNING"]


def test_fitted_estimator_with_an_open_run_pickles() -> None:
    callback, model = LogToTracker(NullTracker()), _model()
    model.n_epochs_ = 3
    callback.on_fit_begin(model)
    assert pickle.loads(pickle.dumps(callback)).name == ""


def test_nothing_is_needed_of_the_held_out_part(photos: Any) -> None:
    _, run = _record(photos, validation_fraction=0)
    assert "nothing was held out" in run.texts["diagnosis.txt"]
    assert [path.name for path in run.files] == ["history.png"]


def test_dead_server_stops_nothing(photos: Any) -> None:
    tracker = MLflowTracker("http://127.0.0.1:9", timeout_s=0.5)
    with pytest.warns(TrackingWarning, match="the work goes on"):
        model = _model(LogToTracker(tracker), epochs=1).fit(*photos)
    assert model.score(*photos) >= 0


@pytest.mark.slow
def test_mlflow_has_the_curves_and_the_files(photos: Any, tmp_path: Path) -> None:
    from mlflow.tracking import MlflowClient

    uri = f"sqlite:///{tmp_path}/mlflow.db"
    model = _model(LogToTracker(MLflowTracker(uri))).fit(*photos)
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("hybridml")
    (run,) = client.search_runs([experiment.experiment_id])
    curve = client.get_metric_history(run.info.run_id, "valid_loss")
    assert [m.value for m in curve] == pytest.approx(model.history_["valid_loss"])
    files = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert files == {"diagnosis.txt", "history.csv", "history.png"}
    assert run.info.status == "FINISHED"
