"""The picture groups contenders by kind, and marks the best modality alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from hybridml.report.fusion_plot import plot_fusion

ROWS = [
    ("late fusion (stack)", "late", 0.84),
    ("late fusion (mean)", "late", 0.82),
    ("name alone", "alone", 0.80),
    ("photo alone", "alone", 0.74),
    ("early fusion (logistic)", "early", np.nan),
    ("baseline", "baseline", 0.31),
]


@pytest.fixture
def table() -> pd.DataFrame:
    table = pd.DataFrame(ROWS, columns=["candidate", "kind", "score"])
    return table.assign(score_low=table.score - 0.02, score_high=table.score + 0.02)


@pytest.fixture
def fold_scores(table: pd.DataFrame) -> pd.DataFrame:
    rows = [
        (name, fold, score + 0.01 * fold) for name, _, score in ROWS for fold in (-1, 1)
    ]
    return pd.DataFrame(rows, columns=["candidate", "fold", "score"]).dropna()


def _texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_rows_stand_below_the_heading_of_their_kind(
    table: pd.DataFrame, fold_scores: pd.DataFrame
) -> None:
    texts = _texts(plot_fusion(table, fold_scores, "accuracy"))
    assert texts == [
        "best alone",
        *("One modality alone", "name", "0.800", "photo", "0.740"),
        *("Early fusion", "logistic", "not run"),
        *("Late fusion", "stack", "0.840", "mean", "0.820"),
        *("Baseline", "guessing", "0.310"),
    ]


def test_line_is_at_the_best_modality_alone(
    table: pd.DataFrame, fold_scores: pd.DataFrame
) -> None:
    axes = plot_fusion(table, fold_scores, "accuracy").axes[0]
    (dashed,) = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert list(dashed.get_xdata()) == [0.80, 0.80]


def test_baseline_far_off_does_not_crowd_the_rest(
    table: pd.DataFrame, fold_scores: pd.DataFrame
) -> None:
    axes = plot_fusion(table, fold_scores, "accuracy").axes[0]
    low, high = axes.get_xlim()
    assert 0.6 < low < 0.72
    assert 0.86 < high < 1.0
    assert "<" in [line.get_marker() for line in axes.lines]


def test_scores_are_enough_and_names_are_no_formulas(tmp_path: Path) -> None:
    rows = {"candidate": ["a$b$ alone"], "kind": ["alone"], "score": [0.5]}
    figure = plot_fusion(pd.DataFrame(rows), pd.DataFrame(), "r2")
    figure.savefig(tmp_path / "plot.png")
    assert "a$b$" in _texts(figure)
