"""The result names the winner in words, numbers and a picture."""

from __future__ import annotations

import json
import math
import pickle
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from matplotlib.figure import Figure

from hybridml.transfer import TransferComparison
from hybridml.transfer.cases.catalogue import case_title
from hybridml.transfer.comparing.comparison import COLUMNS, describe_row

NO_LAYERS = pd.DataFrame(
    columns=["backbone", "cut_layer", "head", "score", "score_std"]
)


def _comparison(
    rows: list[tuple[int, str, float, float]], folds: list[list[float]]
) -> TransferComparison:
    table = pd.DataFrame(
        [(c, b, "penultimate", "linear", s, d, 1.0, 2.0, 30) for c, b, s, d in rows],
        columns=list(COLUMNS),
    )
    fold_scores = pd.DataFrame(
        [
            {"case": case, "backbone": backbone, "fold": i + 1, "score": score}
            for (case, backbone, *_), scores in zip(rows, folds, strict=True)
            for i, score in enumerate(scores)
        ]
    )
    return TransferComparison(
        table=table,
        fold_scores=fold_scores,
        layer_scores=NO_LAYERS,
        scoring="accuracy",
        where="nowhere",
        _refit=_Counting(),
    )


class _Counting:
    def __init__(self) -> None:
        self.n_calls = 0

    def __call__(self) -> str:
        self.n_calls += 1
        return f"fit {self.n_calls}"


def test_verdict_says_by_how_much_the_winner_is_ahead() -> None:
    rows = [(3, "a", 0.9, 0.1), (1, "b", 0.8, 0.1)]
    comparison = _comparison(rows, [[0.8, 1.0], [0.75, 0.85]])
    assert comparison.verdict == (
        "case 3 (a, penultimate, linear) wins with 0.900 ± 0.100, 0.100 ± 0.071 ahead "
        "of case 1 (b, penultimate, linear) (0.800 ± 0.100)."
    )
    assert comparison.winner["case"] == 3


def test_folds_of_the_same_case_of_another_backbone_are_kept_apart() -> None:
    rows = [(1, "a", 0.9, 0.0), (1, "b", 0.8, 0.0), (3, "a", 0.7, 0.0)]
    comparison = _comparison(rows, [[0.9, 0.9], [0.8, 0.8], [0.1, 0.9]])
    assert "0.100 ± 0.000 ahead of case 1 (b," in comparison.verdict


def test_verdict_calls_a_lead_within_its_spread_no_lead() -> None:
    rows = [(3, "a", 0.9, 0.1), (1, "b", 0.89, 0.1)]
    close = _comparison(rows, [[0.8, 1.0], [0.99, 0.79]])
    assert close.verdict.endswith("The folds do not tell the two apart.")


def test_verdict_of_one_fold_has_no_spread() -> None:
    rows = [(3, "a", 0.9, math.nan), (1, "a", 0.875, math.nan)]
    assert _comparison(rows, [[0.9], [0.875]]).verdict == (
        "case 3 (a, penultimate, linear) wins with 0.900, 0.025 ahead of "
        "case 1 (a, penultimate, linear) (0.875)."
    )


def test_verdict_of_a_tie_says_so() -> None:
    rows = [(1, "a", 0.9, 0.1), (3, "a", 0.9, 0.1)]
    assert _comparison(rows, [[0.8, 1.0], [1.0, 0.8]]).verdict == (
        "case 1 (a, penultimate, linear) wins with 0.900 ± 0.100; "
        "case 3 (a, penultimate, linear) scores the same."
    )


def test_verdict_of_a_single_row_names_it() -> None:
    comparison = _comparison([(0, "a", 0.5, math.nan)], [[0.5]])
    expected = "case 0 (a, penultimate, linear) wins with 0.500."
    assert comparison.verdict == expected


def test_winner_is_fitted_once_and_when_asked_for() -> None:
    comparison = _comparison([(0, "a", 0.5, 0.1)], [[0.4, 0.6]])
    refit: Any = comparison._refit
    assert refit.n_calls == 0
    assert comparison.best_estimator == comparison.best_estimator == "fit 1"
    assert refit.n_calls == 1


def test_json_has_no_numbers_that_are_none() -> None:
    rows = [(3, "a", 0.9, math.nan), (1, "a", -math.inf, 0.0)]
    comparison = _comparison(rows, [[0.9], [-math.inf]])
    found = json.loads(comparison.to_json(), parse_constant=pytest.fail)
    assert set(found) == {"table", "winner", "scoring", "verdict", "runs"}
    assert found["winner"] == found["table"][0]
    assert list(found["winner"]) == list(COLUMNS)
    assert found["winner"]["score_std"] is None
    assert found["table"][1]["score"] is None
    assert (found["winner"]["case"], found["runs"]) == (3, "nowhere")


@pytest.mark.parametrize("ending", [".png", ".svg"])
def test_picture_is_saved_where_a_path_is_given(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"leaderboard{ending}"
    figure = _comparison([(3, "a", 0.9, 0.1)], [[0.9]]).plot(path)
    assert isinstance(figure, Figure)
    assert path.stat().st_size > 1000


def test_comparison_survives_pickling() -> None:
    comparison = _comparison([(3, "a", 0.9, 0.1)], [[0.9]])
    again = pickle.loads(pickle.dumps(comparison))
    assert again.verdict == comparison.verdict
    assert again.best_estimator == "fit 1"


def test_names_leave_out_what_is_empty() -> None:
    row = pd.Series({"case": 2, "backbone": "a", "cut_layer": "", "head": "linear"})
    assert describe_row(row) == "case 2 (a, linear)"
    assert case_title(2) == "case 2: fine-tune the last two layers"
