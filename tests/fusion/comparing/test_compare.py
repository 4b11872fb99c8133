"""Fusions and modalities alone see the same folds; what they share is fitted once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import StandardScaler

from hybridml import (
    DeepFeatureExtractor,
    FusionComparison,
    LateFusionClassifier,
    RecordingTracker,
    compare_fusion,
)
from hybridml.comparing import trials
from hybridml.comparing.trial import run_trial
from hybridml.exceptions import DataError, InvalidParameterError, UnknownNameError
from hybridml.fusion.comparing.comparison import COLUMNS
from hybridml.fusion.late.member import Member
from hybridml.testing import make_photos, register_tiny_backbone

N_ROWS = 48
TABLES = [("left", StandardScaler(), ["a"]), ("right", StandardScaler(), ["b"])]


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """Two numbers a row, of which the sum tells the class; the index is no position."""
    rng = np.random.default_rng(0)
    columns = {"a": rng.normal(size=N_ROWS), "b": rng.normal(size=N_ROWS)}
    return pd.DataFrame(columns, index=rng.permutation(1000)[:N_ROWS])


@pytest.fixture(scope="module")
def y(frame: pd.DataFrame) -> Any:
    return np.where(frame["a"] + frame["b"] > 0, "more", "less")


def _compare(frame: pd.DataFrame, y: Any, **changed: Any) -> FusionComparison:
    quick: dict[str, Any] = {
        "modalities": TABLES,
        "kinds": ("early", "late"),
        "heads": "logistic",
        "cv": 3,
        "store": None,
    }
    return compare_fusion(frame, y, **{**quick, **changed})


@pytest.fixture(scope="module")
def found(frame: pd.DataFrame, y: Any) -> FusionComparison:
    return _compare(frame, y)


def test_table_has_a_row_a_contender_the_best_first(found: FusionComparison) -> None:
    table = found.table
    assert tuple(table.columns) == COLUMNS
    assert sorted(table["candidate"]) == [
        "baseline",
        "early fusion (logistic)",
        "late fusion (mean)",
        "late fusion (stack)",
        "late fusion (weighted)",
        "left alone",
        "right alone",
    ]
    assert table["score"].is_monotonic_decreasing
    assert table["n_folds"].eq(3).all()
    assert found.winner["kind"] in ("early", "late")
    rows = table.set_index("candidate")
    assert rows.loc["left alone", ["kind", "modality"]].tolist() == ["alone", "left"]
    assert rows.loc["late fusion (stack)", "combine"] == "stack"
    assert rows["head"].unique().tolist() == ["logistic", "prior"]


def test_verdict_says_what_fusing_gains(found: FusionComparison) -> None:
    gain = found.gain
    scores = found.table.set_index("candidate")["score"]
    assert gain["fusion"] == found.winner["candidate"]
    assert gain["alone"].endswith(" alone")
    lead = scores[gain["fusion"]] - scores[gain["alone"]]
    assert gain["difference"] == pytest.approx(lead)
    assert gain["low"] < gain["difference"] < gain["high"]
    assert f"The best fusion gains {lead:.3f}" in found.verdict


def test_members_are_fitted_once_a_fold(
    frame: pd.DataFrame, y: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted: list[str] = []
    fit = Member.fit

    def count(member: Member, *data: Any) -> Any:
        fitted.append(member.modality.name)
        return fit(member, *data)

    monkeypatch.setattr(Member, "fit", count)
    found = _compare(frame, y, kinds="late")
    assert sorted(fitted) == ["left"] * 3 + ["right"] * 3
    seconds = found.table.set_index("candidate")["fit_time_s"]
    alone = seconds["left alone"] + seconds["right alone"]
    assert seconds["late fusion (mean)"] > 0.9 * alone


def test_sharing_changes_no_score(frame: pd.DataFrame, y: Any) -> None:
    found = _compare(frame, y, kinds="late", combinations="stack")
    folds = found.predictions("late fusion (stack)")
    test = folds.loc[folds["fold"] == 1, "row"].to_numpy()
    train = np.setdiff1d(np.arange(N_ROWS), test)
    model = LateFusionClassifier(TABLES, combine="stack")
    model.fit(frame.iloc[train], y[train])
    expected = accuracy_score(y[test], model.predict(frame.iloc[test]))
    scores = found.fold_scores.set_index(["candidate", "fold"])["score"]
    assert scores["late fusion (stack)", 1] == pytest.approx(expected)


def test_best_estimator_is_fitted_on_all_rows(
    found: FusionComparison, frame: pd.DataFrame
) -> None:
    model = found.best_estimator
    assert found.best_estimator is model
    assert model.predict_proba(frame).shape == (N_ROWS, 2)
    alone = found.fit("left alone")
    assert list(alone.members_[0].modality.columns) == ["a"]


def test_folds_that_are_known_are_not_run_again(
    frame: pd.DataFrame, y: Any, tmp_path: Path
) -> None:
    journal = {"journal": tmp_path}
    first = _compare(frame, y, kinds="late", combinations="mean", **journal)
    assert first.n_recalled == 0
    again = _compare(frame, y, kinds="late", combinations="mean", **journal)
    assert again.n_recalled == 12
    pd.testing.assert_frame_equal(first.table, again.table)
    more = _compare(frame, y, kinds="late", combinations=["mean", "max"], **journal)
    assert more.n_recalled == 12
    changed = frame.assign(a=frame["a"] + 1)
    other = _compare(changed, y, kinds="late", combinations="mean", **journal)
    assert other.n_recalled == 0


def test_column_that_is_not_used_changes_nothing(
    frame: pd.DataFrame, y: Any, tmp_path: Path
) -> None:
    _compare(frame, y, kinds="late", combinations="mean", journal=tmp_path)
    wider = frame.assign(c=range(N_ROWS))
    again = _compare(wider, y, kinds="late", combinations="mean", journal=tmp_path)
    assert again.n_recalled == 12


@pytest.mark.slow
def test_interrupted_comparison_is_one(
    frame: pd.DataFrame, y: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop_at_early(contender: Any, *args: Any) -> Any:
        if contender.kind == "early":
            raise KeyboardInterrupt
        return run_trial(contender, *args)

    monkeypatch.setattr(trials, "run_trial", stop_at_early)
    with pytest.warns(match="Interrupted"):
        found = _compare(frame, y)
    assert found.is_interrupted
    rows = found.table.set_index("candidate")
    assert rows.loc["early fusion (logistic)", "n_folds"] == 0
    assert rows.loc["early fusion (logistic)", "note"].endswith("interrupted")
    assert found.gain["fusion"].startswith("late")
    assert found.plot().axes


def test_runs_are_tagged_by_kind(frame: pd.DataFrame, y: Any) -> None:
    tracker = RecordingTracker()
    _compare(frame, y, tracker=tracker, cv=2, combinations="stack")
    (parent,) = tracker.runs
    assert parent.name == "fusion: left, right"
    assert parent.tags["hybridml.kind"] == "comparison"
    assert parent.tags["hybridml.kinds"] == "alone, early, late"
    assert parent.tags["hybridml.winner"]
    tags = {child.name: child.tags for child in parent.children}
    assert tags["left alone"] == {
        "hybridml.kind": "alone",
        "hybridml.modality": "left",
        "hybridml.head": "logistic",
    }
    late = tags["late fusion: predictions combined (stack)"]
    assert late["hybridml.combine"] == "stack"
    assert late["hybridml.modality"] == "left, right"
    names = [child.name for child in parent.children[-1].children]
    assert names == ["early fusion, fold 1", "early fusion, fold 2"]
    assert parent.children[-1].params["head"] == "logistic"


@pytest.mark.slow
def test_report_shows_photos_and_leaves_out_what_there_is_not(tmp_path: Path) -> None:
    register_tiny_backbone()
    photos, labels = make_photos(24)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"photo": list(rng.permuted(photos, axis=0)), "a": range(24)})
    modalities = [
        ("photo", DeepFeatureExtractor("tiny", store=None), "photo"),
        ("table", StandardScaler(), ["a"]),
    ]
    found = _compare(frame, labels, modalities=modalities, cv=2, combinations="mean")
    assert found.table.set_index("candidate").loc["photo alone", "model_mb"] > 0.005
    text = found.to_html(tmp_path / "found.html").read_text("utf-8")
    assert "Does fusion pay" in text
    assert "image/jpeg" in text
    assert 'id="layers"' not in text
    assert 'id="curves"' not in text
    assert "compare_fusion(" in text


@pytest.mark.parametrize("task", ["regression", "multilabel"])
def test_other_tasks_are_compared(frame: pd.DataFrame, task: str) -> None:
    numbers = (frame["a"] + frame["b"]).to_numpy()
    labels = np.column_stack([frame["a"] > 0, frame["b"] > 0]).astype(int)
    targets = {"regression": numbers, "multilabel": labels}[task]
    found = _compare(frame, targets, heads="ridge", cv=2)
    assert found.task == task
    assert found.winner["kind"] in ("early", "late")
    assert found.winner["score"] > found.table["score"].iloc[-1]


def test_predictor_takes_part_in_late_fusions(frame: pd.DataFrame, y: Any) -> None:
    modalities = [TABLES[0], ("right", LogisticRegression(), ["b"])]
    found = _compare(frame, y, modalities=modalities, kinds="late", cv=2)
    assert found.winner["kind"] == "late"
    with pytest.raises(InvalidParameterError, match="'right' is predicted by itself"):
        _compare(frame, y, modalities=modalities)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"modalities": TABLES[:1]}, InvalidParameterError, "two modalities or more"),
        ({"kinds": "middle"}, UnknownNameError, "of 'early', 'late' or 'intermediate'"),
        ({"kinds": ()}, InvalidParameterError, "at least one"),
        ({"combinations": "stak"}, UnknownNameError, "Did you mean 'stack'"),
        ({"methods": "gate"}, UnknownNameError, "Did you mean 'gated'"),
        ({"heads": "logistics"}, UnknownNameError, "Did you mean 'logistic'"),
        ({"time_budget_s": -1}, InvalidParameterError, "time_budget_s"),
        ({"modalities": [*TABLES, ("c", "text", "c")]}, DataError, "no column 'c'"),
    ],
)
def test_wrong_parameters_are_named_before_anything_runs(
    frame: pd.DataFrame,
    y: Any,
    changed: dict[str, Any],
    error: type[Exception],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*args: Any) -> Callable[..., Any]:
        raise AssertionError("a fold was run")

    monkeypatch.setattr(trials, "run_trial", fail)
    with pytest.raises(error, match=message):
        _compare(frame, y, **changed)


@pytest.mark.slow
def test_networks_are_watched_and_may_be_stopped(frame: pd.DataFrame, y: Any) -> None:
    pytest.importorskip("hybridml.fusion.intermediate")
    tracker = RecordingTracker()
    found = _compare(frame, y, kinds="intermediate", cv=2, tracker=tracker)
    rows = found.table.set_index("candidate")
    assert rows.loc["intermediate fusion (gated)", "n_folds"] == 2
    assert rows.loc["intermediate fusion (gated)", "method"] == "gated"
    assert set(found.histories) == {
        "intermediate fusion (concat)",
        "intermediate fusion (gated)",
    }
    child = tracker.runs[0].children[-1]
    assert child.tags["hybridml.kind"] == "intermediate"
    assert child.tags["hybridml.method"] in ("concat", "gated")
    assert "train_loss" in {name for name, *_ in child.children[0].metrics}
    short = _compare(frame, y, kinds="intermediate", cv=2, time_budget_s=0.001)
    notes = short.table.set_index("candidate")["note"]
    assert notes["intermediate fusion (gated)"].startswith("0 of 2 folds")
    assert short.gain.empty
    assert notes["left alone"] == ""
