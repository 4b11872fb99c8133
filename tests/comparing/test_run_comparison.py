"""Any contenders can be compared, on images or on a table of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from hybridml import RecordingTracker
from hybridml.comparing.baseline import BASELINE
from hybridml.comparing.budget import Budget
from hybridml.comparing.comparison import Comparison
from hybridml.comparing.data import Data
from hybridml.comparing.identity import digest_data
from hybridml.comparing.journal import Journal
from hybridml.comparing.run_comparison import run_comparison
from hybridml.comparing.splits import make_folds
from hybridml.comparing.summing_up import MEASURED
from hybridml.tracking import NullTracker
from tests.comparing.contenders import Learner

STRONG = Learner("strong (a)", precedence=2.0)
WEAK = Learner("weak (a)", C=1e-9, precedence=1.0)
GUESS = Learner(BASELINE, precedence=9.0)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Found(Comparison):
    noun: ClassVar[str] = "learner"

    def plot(self, path: str | Path | None = None) -> Figure:
        figure = Figure()
        if path is not None:
            figure.savefig(path)
        return figure


@pytest.fixture
def frame() -> pd.DataFrame:
    """Two numbers a row; the index is no position."""
    rng = np.random.default_rng(0)
    shift = np.repeat([0.0, 1.5], [18, 12])
    index = rng.permutation(1000)[:30]
    columns = {"a": rng.normal(shift), "b": rng.normal(shift)}
    return pd.DataFrame(columns, index=index)


def _data(inputs: Any, **changed: Any) -> Data:
    targets = np.repeat(["left", "right"], [18, 12])
    given: dict[str, Any] = {
        "folds": make_folds(targets, 3, 0),
        "scoring": "accuracy",
        "digests": [row.tobytes() for row in np.asarray(inputs)],
        "noun": "row",
    }
    return Data(inputs, targets, **{**given, **changed})


def _run(
    data: Data, contenders: Sequence[Learner] = (GUESS, WEAK, STRONG), **changed: Any
) -> _Found:
    given: dict[str, Any] = {
        "title": "learners",
        "tags": {"hybridml.kind": "comparison"},
        "budget": Budget(None),
        "rope": None,
        "journal": Journal(None),
        "tracker": NullTracker(),
        "on_step": lambda step: None,
        "call": "compare(X, y)",
    }
    return run_comparison(_Found, contenders, data, **{**given, **changed})


def test_table_has_the_columns_of_its_contenders(frame: pd.DataFrame) -> None:
    found = _run(_data(frame))
    assert tuple(found.table.columns) == ("candidate", "strength", "head", *MEASURED)
    assert found.winner["candidate"] == "strong (a)"
    assert found.table["head"].tolist() == ["Pipeline", "Pipeline", "DummyClassifier"]
    assert found.fold_scores.columns[:4].tolist() == [
        "candidate",
        "strength",
        "fold",
        "head",
    ]
    assert len(found.fold_scores) == 9


def test_rows_of_a_table_are_taken_by_their_place(frame: pd.DataFrame) -> None:
    of_table, of_array = _run(_data(frame)), _run(_data(frame.to_numpy()))
    told = of_table.predictions()
    assert told["row"].tolist() == list(range(30))
    pd.testing.assert_frame_equal(told, of_array.predictions())
    model = of_table.best_estimator
    assert model.feature_names_in_.tolist() == ["a", "b"]
    assert of_table.image(0) is None


def test_of_equal_scores_the_lower_precedence_stands_first(frame: pd.DataFrame) -> None:
    found = _run(_data(frame))
    scores = found.table.set_index("candidate")["score"]
    assert scores["weak (a)"] == scores[BASELINE]
    assert found.table["candidate"].tolist()[1:] == ["weak (a)", BASELINE]


def test_extra_costs_are_added_to_what_is_measured(frame: pd.DataFrame) -> None:
    winner = _run(_data(frame)).winner
    assert 1000 < winner["predict_ms_per_image"] < 1500
    assert 1000 < winner["model_mb"] < 1001


def test_verdict_speaks_of_what_is_compared(frame: pd.DataFrame) -> None:
    found = _run(_data(frame))
    assert found.verdict.startswith("strong (Pipeline) wins with")
    assert _run(_data(frame), [GUESS, WEAK]).names["weak (a)"] == "weak (Pipeline)"
    steps: list[str] = []
    _run(_data(frame), [GUESS], on_step=lambda step: steps.append(step.text))
    assert steps[-1] == "all learners compared"


def test_results_are_known_again_by_identity_and_rows(
    frame: pd.DataFrame, tmp_path: Path
) -> None:
    journal = Journal(tmp_path)
    first = _run(_data(frame), journal=journal)
    again = _run(_data(frame), journal=journal)
    assert (first.n_recalled, again.n_recalled) == (0, 9)
    pd.testing.assert_frame_equal(first.table, again.table)
    other = Learner("strong (a)", C=2.0)
    assert _run(_data(frame), [GUESS, other], journal=journal).n_recalled == 3
    changed = frame.copy()
    changed.iloc[0] += 1
    assert _run(_data(changed), journal=journal).n_recalled == 0


def test_runs_name_the_data_by_its_content(frame: pd.DataFrame) -> None:
    changed = frame.copy()
    changed.iloc[0] += 1
    tracker = RecordingTracker()
    for table in (frame, frame.copy(), changed):
        _run(_data(table), [GUESS], tracker=tracker)
    found = [run.datasets for run in tracker.runs]
    ((name, digest, facts),) = found[0]
    assert name == "rows"
    classes = {"left": 18, "right": 12}
    assert facts == {"n_rows": 30, "task": "classification", "rows_per_class": classes}
    assert len(digest) <= 36
    assert found[1] == found[0]
    assert found[2][0][1] != digest


def test_the_data_are_the_same_in_any_order(frame: pd.DataFrame) -> None:
    data = _data(frame)
    turned = replace(data, targets=data.targets[::-1], digests=list(data.digests)[::-1])
    assert digest_data(turned) == digest_data(data)
    others = replace(data, targets=data.targets[::-1])
    assert digest_data(others) != digest_data(data)


def test_runs_are_called_and_tagged_as_the_contenders_say(frame: pd.DataFrame) -> None:
    tracker = RecordingTracker()
    _run(_data(frame), tracker=tracker)
    (parent,) = tracker.runs
    assert parent.name == "learners"
    assert parent.tags["hybridml.winner"] == "strong (Pipeline)"
    assert parent.tags["hybridml.kind"] == "strong"
    assert parent.params["n_rows"] == 30
    tables = ["leaderboard.csv", "significance.csv"]
    assert list(parent.texts) == ["environment.json", *tables]
    child = parent.children[2]
    assert child.name == "strong (a): learned"
    assert child.tags == {"hybridml.kind": "strong", "hybridml.head": "Pipeline"}
    names = [fold.name for fold in child.children]
    assert names == ["strong, fold 1", "strong, fold 2", "strong, fold 3"]
    metrics = {name for name, *_ in child.metrics}
    assert {"score", "fold_score"} <= metrics
    assert "strength" not in metrics
    assert {"score_strong", "score_weak", "score_baseline"} <= {
        name for name, *_ in parent.metrics
    }


def test_report_needs_no_images_and_no_layers(
    frame: pd.DataFrame, tmp_path: Path
) -> None:
    text = _run(_data(frame)).to_html(tmp_path / "found.html").read_text("utf-8")
    assert "Which one wins?" in text
    assert "compare(X, y)" in text
    assert "image/jpeg" not in text
