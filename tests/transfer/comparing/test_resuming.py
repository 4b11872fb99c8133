"""What a stopped comparison finished is not computed again, and nothing changes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hybridml import RecordingTracker, TransferComparison, compare_transfer_cases
from hybridml.comparing import trials
from hybridml.comparing.fold_result import FoldResult
from hybridml.comparing.trial import run_trial
from hybridml.exceptions import TrainingWarning
from hybridml.testing import make_photos
from hybridml.transfer.comparing.candidate import Candidate
from tests.transfer.comparing.conftest import Photos

# What is measured in seconds differs from run to run.
SAME = ["candidate", "cut_layer", "head", "score", "score_low", "score_high"]
SAME += ["score_std", "n_folds", "p_value", "p_equivalent", "model_mb", "note"]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []

    def noted(candidate: Candidate, *rest: Any) -> FoldResult:
        names.append(candidate.name)
        return run_trial(candidate, *rest)

    monkeypatch.setattr(trials, "run_trial", noted)
    return names


def _compare(photos: Photos, journal: Path, **changed: Any) -> TransferComparison:
    given = {"backbones": "tiny", "cv": 2, "epochs": 1, "store": None, "heads": "ridge"}
    return compare_transfer_cases(*photos, journal=journal, **{**given, **changed})


def test_second_call_runs_nothing_and_gives_the_same(
    photos: Photos, tmp_path: Path, ran: list[str]
) -> None:
    first = _compare(photos, tmp_path)
    assert len(ran) == 8 * 2
    again = _compare(photos, tmp_path)
    assert len(ran) == 8 * 2
    pd.testing.assert_frame_equal(first.table, again.table)
    pd.testing.assert_frame_equal(first.significance, again.significance)
    pd.testing.assert_frame_equal(first.layer_scores, again.layer_scores)
    pd.testing.assert_frame_equal(first.predictions(), again.predictions())


def test_more_cases_are_added_to_what_is_known(
    photos: Photos, tmp_path: Path, ran: list[str]
) -> None:
    _compare(photos, tmp_path, cases=[0])
    ran.clear()
    _compare(photos, tmp_path, cases=[0, 3])
    assert ran == ["case 3 (tiny)"] * 2


@pytest.mark.parametrize(
    "changed",
    [
        {"random_state": 1},
        {"scoring": "balanced_accuracy"},
        {"image_size": 40},
        {"class_weight": "balanced"},
        {"cv": 3},
        {"precision": "bf16"},
    ],
)
def test_whatever_changes_a_number_is_computed_again(
    photos: Photos, tmp_path: Path, ran: list[str], changed: dict[str, Any]
) -> None:
    given = {"cases": 1, "cut_layers": "stem", "precision": "fp32"}
    _compare(photos, tmp_path, **given)
    ran.clear()
    _compare(photos, tmp_path, **{**given, **changed})
    assert "case 1 (tiny)" in ran


def test_another_image_or_target_is_another_comparison(
    photos: Photos, tmp_path: Path, ran: list[str]
) -> None:
    X, y = photos
    _compare(photos, tmp_path, cases=0)
    ran.clear()
    other = X.copy()
    other[0, 0, 0] += 1
    _compare((other, y), tmp_path, cases=0)
    swapped = y.copy()
    swapped[:2] = y[1::-1]
    split = [(np.arange(0, 12), np.arange(12, 16))]
    _compare((X, swapped), tmp_path, cases=0, cv=split)
    _compare((X, y), tmp_path, cases=0, cv=split)
    assert ran.count("case 0 (tiny)") == 2 + 1 + 1


def test_order_of_the_folds_and_threads_do_not_matter(
    photos: Photos, tmp_path: Path, ran: list[str]
) -> None:
    halves = np.arange(8), np.arange(8, 16)
    _compare(photos, tmp_path, cases=0, cv=[halves, halves[::-1]])
    ran.clear()
    _compare(photos, tmp_path, cases=0, cv=[halves[::-1], halves], n_jobs=2)
    assert ran == []


def test_callable_score_keeps_nothing(
    photos: Photos, tmp_path: Path, ran: list[str]
) -> None:
    def score(estimator: Any, images: Any, targets: Any) -> float:
        return float(estimator.score(images, targets))

    for _ in range(2):
        _compare(photos, tmp_path, cases=0, scoring=score)
    assert len(ran) == 2 * 2 * 2
    assert list(tmp_path.iterdir()) == []


def test_recalled_folds_are_recorded_as_such(photos: Photos, tmp_path: Path) -> None:
    _compare(photos, tmp_path, cases=0)
    tracker = RecordingTracker()
    found = _compare(photos, tmp_path, cases=0, tracker=tracker)
    folds = [fold for child in tracker.runs[0].children for fold in child.children]
    assert len(folds) == 4
    assert all(fold.tags["hybridml.from_journal"] == "true" for fold in folds)
    curve = [value for name, value, _ in folds[2].metrics if name == "score"]
    assert curve[0] in found.fold_scores["score"].tolist()


def test_interrupt_leaves_the_table_as_it_stands(
    photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(candidate: Candidate, data: Any, fold: Any, _: Any) -> FoldResult:
        if candidate.case == 3 and fold is data.folds[1]:
            raise KeyboardInterrupt
        return run_trial(candidate, data, fold)

    whole = _compare(photos, tmp_path / "whole", cases=[0, 3])
    monkeypatch.setattr(trials, "run_trial", interrupted)
    tracker = RecordingTracker()
    with pytest.warns(TrainingWarning, match="stands on 5 of 6 folds"):
        found = _compare(photos, tmp_path, cases=[0, 3], tracker=tracker)
    assert found.is_interrupted
    notes = found.table.set_index("candidate")["note"]
    assert notes["case 3 (tiny)"] == "1 of 2 folds: interrupted"
    assert notes["case 0 (tiny)"] == ""
    assert tracker.runs[0].tags["hybridml.winner"]
    monkeypatch.undo()
    again = _compare(photos, tmp_path, cases=[0, 3])
    pd.testing.assert_frame_equal(again.table[SAME], whole.table[SAME])


SCRIPT = """
import sys
from hybridml import compare_transfer_cases
from hybridml.testing import make_photos, register_tiny_backbone
register_tiny_backbone()
X, y = make_photos(24)
compare_transfer_cases(
    X, y, backbones="tiny", cv=3, epochs=3, heads="ridge", store=sys.argv[1],
    precision="fp32", time_budget_s=None,
)
"""


@pytest.mark.slow
def test_killed_comparison_goes_on_where_it_was(tmp_path: Path, ran: list[str]) -> None:
    X, y = make_photos(24)
    given: dict[str, Any] = {"cv": 3, "epochs": 3, "precision": "fp32"}
    store = tmp_path / "store"
    given["store"] = str(store)
    whole = _compare((X, y), tmp_path / "whole", **given)
    journal = store / "comparisons"
    for n_wanted in (4, 9, 14):
        _kill_after(n_wanted, store, journal)
    n_kept = len(list(journal.glob("*.result")))
    assert 14 <= n_kept < 24
    ran.clear()
    again = _compare((X, y), journal, **given)
    assert len(ran) == 24 - n_kept
    pd.testing.assert_frame_equal(again.table[SAME], whole.table[SAME])


def _kill_after(n_results: int, store: Path, journal: Path) -> None:
    """Start the comparison, and kill it once so many folds are kept."""
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(store)])
    end = time.monotonic() + 120
    while len(list(journal.glob("*.result"))) < n_results:
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
