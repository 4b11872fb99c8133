"""The tracker is told of every case, fold and epoch as it happens."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from hybridml import RecordingTracker, compare_transfer_cases
from hybridml.comparing import trials
from hybridml.comparing.fold_result import FoldResult
from hybridml.comparing.progress import Step
from hybridml.comparing.trial import run_trial
from hybridml.testing import make_photos, register_tiny_backbone
from hybridml.tracking import RecordedRun
from hybridml.transfer.comparing.candidate import Candidate

Photos = tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]
QUICK: dict[str, Any] = {
    "backbones": "tiny",
    "heads": ["ridge", "logistic"],
    "cv": 2,
    "epochs": 2,
    "store": None,
}
KINDS = ("baseline", "0", "1", "1", "1", "2", "3", "4")
TAGS = ("case", "backbone", "cut_layer", "head")


@pytest.fixture(scope="module")
def tracker() -> RecordingTracker:
    register_tiny_backbone()
    tracker = RecordingTracker()
    compare_transfer_cases(
        *make_photos(16), tracker=tracker, scratch_backbone="lenet5", **QUICK
    )
    return tracker


@pytest.fixture
def parent(tracker: RecordingTracker) -> RecordedRun:
    assert len(tracker.runs) == 1
    return tracker.runs[0]


def test_there_is_a_child_a_case_and_below_it_one_a_fold(parent: RecordedRun) -> None:
    assert parent.name == "transfer cases: tiny, lenet5"
    names = [child.name for child in parent.children]
    assert names == [
        "baseline: guess without looking",
        "case 0: the pretrained network as it is (tiny)",
        "case 1: deep features and a shallow head (tiny)",
        "case 1: deep features and a shallow head, all layers (tiny)",
        "case 1: deep features and a shallow head, ensemble (tiny)",
        "case 2: fine-tune the last two layers (tiny)",
        "case 3: fine-tune everything (tiny)",
        "case 4: train from scratch (lenet5)",
    ]
    for kind, child in zip(KINDS, parent.children, strict=True):
        short = f"case {kind}" if kind.isdigit() else kind
        names = [fold.name for fold in child.children]
        assert names == [f"{short}, fold 1", f"{short}, fold 2"]


def test_every_run_is_finished(tracker: RecordingTracker) -> None:
    assert {run.status for run in tracker.all_runs()} == {"FINISHED"}


def test_every_run_is_found_by_its_tags(parent: RecordedRun) -> None:
    for kind, child in zip(KINDS, parent.children, strict=True):
        for run in (child, *child.children):
            tags = [run.tags[f"hybridml.{name}"] for name in TAGS]
            assert tags[0] == kind
            if kind != "baseline":
                assert tags[1] == ("lenet5" if kind == "4" else "tiny")
                assert "searched" not in tags
                assert all(tags)
    assert parent.tags["hybridml.kind"] == "comparison"
    assert parent.tags["hybridml.cases"] == "0, 1, 2, 3, 4"


def test_winner_is_named_on_the_parent(parent: RecordedRun) -> None:
    tags = [parent.tags[f"hybridml.{name}"] for name in TAGS]
    expected = f"case {tags[0]} ({', '.join(tags[1:])})"
    assert parent.tags["hybridml.winner"] == expected
    note = parent.tags["mlflow.note.content"]
    assert note.startswith(f"**{expected} wins with ")
    assert note.count("\n| ") == 2 + 8
    assert "```python\ncompare_transfer_cases(" in note
    name = parent.tags["mlflow.runName"]
    metrics = {name: value for name, value, _ in parent.metrics}
    assert name.startswith(f"{metrics['score']:.3f} case ")
    named = {f"score_case_{case}" for case in range(5)}
    assert named | {
        "score_baseline",
        "score_case_1_all_layers",
        "score_case_1_ensemble",
    } <= set(metrics)
    assert metrics["score"] == max(metrics[name] for name in named)
    tables = ["leaderboard.csv", "significance.csv", "layers.csv"]
    assert list(parent.texts) == ["environment.json", *tables]
    assert parent.texts["leaderboard.csv"].startswith("candidate,case,backbone,cut")
    files = [file.name for file in parent.files]
    assert files == ["leaderboard.png", "report.html"]
    assert set(json.loads(parent.texts["environment.json"])) >= {"python", "torch"}


def test_parent_says_what_is_compared_on(parent: RecordedRun) -> None:
    ((name, _, facts),) = parent.datasets
    assert name == "images"
    assert facts["images_per_class"] == {"class0": 8, "class1": 8}
    assert parent.params == {
        "n_images": 16,
        "task": "classification",
        "n_classes": 2,
        "images_per_class": "class0: 8, class1: 8",
        "n_folds": 2,
        "scoring": "accuracy",
    }


def test_case_has_a_curve_over_its_folds_and_their_mean(parent: RecordedRun) -> None:
    for child in parent.children:
        curve = [(v, step) for name, v, step in child.metrics if name == "fold_score"]
        assert [step for _, step in curve] == [1, 2]
        values = {name: v for name, v, step in child.metrics if step is None}
        assert values["score"] == np.mean([value for value, _ in curve])
        assert {"score_std", "fit_time_s", "images_forwarded"} <= set(values)
        for (score, _), fold in zip(curve, child.children, strict=True):
            assert ("score", score, None) in fold.metrics
            assert "fold" not in {name for name, *_ in fold.metrics}


def test_fine_tuned_folds_have_a_curve_over_the_epochs(parent: RecordedRun) -> None:
    for child in parent.children[5:]:
        for fold in child.children:
            steps = [step for name, _, step in fold.metrics if name == "valid_loss"]
            assert steps == [0, 1, 2]
            losses = [step for name, _, step in fold.metrics if name == "train_loss"]
            assert losses == [1, 2]


def test_case_says_how_it_was_done(parent: RecordedRun) -> None:
    params = [child.params for child in parent.children[1:]]
    assert params[1]["head"] == ["ridge", "logistic"]
    assert params[1]["cut_layer"] == "all"
    assert params[5]["weights"] == "default"
    assert params[5]["epochs"] == 2
    assert params[6]["weights"] is None
    assert "epochs" not in params[0]


def test_epochs_are_recorded_while_the_fit_goes_on(photos: Photos) -> None:
    tracker, seen = RecordingTracker(), []

    def look(step: Step) -> None:
        if ", epoch " in step.text:
            fold = tracker.runs[0].children[-1].children[-1]
            epochs = [s for name, _, s in fold.metrics if name == "valid_loss"]
            seen.append((fold.status, epochs[-1]))

    compare_transfer_cases(
        *photos, cases=[3], tracker=tracker, on_step=look, **{**QUICK, "cv": 2}
    )
    assert seen == [("RUNNING", 1), ("RUNNING", 2)] * 2


def test_failing_case_fails_its_runs_and_goes_on(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(candidate: Candidate, data: Any, fold: Any, _: Any) -> Any:
        if candidate.case == 1 and fold is data.folds[1]:
            raise MemoryError("too much")
        return run_trial(candidate, data, fold)

    monkeypatch.setattr(trials, "run_trial", failing)
    tracker = RecordingTracker()
    with pytest.raises(MemoryError, match="too much"):
        compare_transfer_cases(*photos, cases=[0, 1, 2], tracker=tracker, **QUICK)
    parent = tracker.runs[0]
    assert parent.status == "FAILED"
    assert [child.name[:6] for child in parent.children] == [
        "baseli",
        "case 0",
        "case 1",
    ]
    folds = parent.children[2].children
    assert [fold.status for fold in folds] == ["FINISHED", "FAILED"]
    assert "hybridml.winner" not in parent.tags


def test_comparison_interrupted_at_once_is_recorded_as_killed(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(trials, "run_trial", interrupt)
    tracker = RecordingTracker()
    with pytest.raises(KeyboardInterrupt):
        compare_transfer_cases(*photos, cases=0, tracker=tracker, **QUICK)
    assert {run.status for run in tracker.all_runs()} == {"KILLED"}


def test_no_picture_is_drawn_where_nothing_is_recorded(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hybridml.transfer.TransferComparison.plot", pytest.fail)
    compare_transfer_cases(*photos, cases=0, **QUICK)


def test_best_of_several_backbones_is_the_score_of_a_case(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    register_tiny_backbone("tiny2", seed=5)

    def scored(candidate: Candidate, *rest: Any) -> FoldResult:
        score = 0.75 if candidate.options.backbone == "tiny2" else 0.5
        return replace(run_trial(candidate, *rest), score=score)

    monkeypatch.setattr(trials, "run_trial", scored)
    tracker = RecordingTracker()
    both = {**QUICK, "backbones": ["tiny", "tiny2"]}
    compare_transfer_cases(*photos, cases=[0], tracker=tracker, **both)
    metrics = {name: value for name, value, _ in tracker.runs[0].metrics}
    assert metrics["score_case_0"] == metrics["score"] == 0.75
    assert tracker.runs[0].tags["hybridml.backbone"] == "tiny2"
