"""The picture shows each candidate with its interval and its folds, the best on top."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hybridml.report.interval_plot import plot_intervals
from hybridml.report.style import ACCENT, TEXT

NO_FOLDS = pd.DataFrame()


def _table(n_rows: int) -> pd.DataFrame:
    scores = 0.9 - 0.1 * np.arange(n_rows)
    columns = {"score": scores, "score_low": scores - 0.02, "score_high": scores + 0.02}
    return pd.DataFrame({"candidate": [f"case {i}" for i in range(n_rows)], **columns})


@pytest.mark.parametrize("n_rows", [1, 2, 7])
def test_candidates_stand_in_their_order_from_the_top(n_rows: int) -> None:
    axes = plot_intervals(_table(n_rows), NO_FOLDS, "accuracy").axes[0]
    heights = {text.get_text(): text.xy[1] for text in axes.texts}
    assert sorted(heights, key=lambda name: -heights[name]) == list(heights)
    assert len(heights) == n_rows


def test_bars_reach_over_the_intervals() -> None:
    axes = plot_intervals(_table(1), NO_FOLDS, "accuracy").axes[0]
    (bar,) = [line for line in axes.lines if line.get_linewidth() == 3]
    assert list(bar.get_xdata()) == pytest.approx([0.88, 0.92])


def test_folds_are_drawn_with_their_candidate() -> None:
    rows = [("case 0", 1, 0.89), ("case 0", 2, 0.91), ("case 1", 1, 0.8)]
    folds = pd.DataFrame(rows, columns=["candidate", "fold", "score"])
    axes = plot_intervals(_table(2), folds, "accuracy").axes[0]
    ticks = [line for line in axes.lines if line.get_marker() == "|"]
    assert [list(line.get_xdata()) for line in ticks] == [[0.89, 0.91], [0.8]]


def test_candidates_that_are_tied_have_the_colour_of_the_first() -> None:
    figure = plot_intervals(_table(3), NO_FOLDS, "accuracy", tied=["case 1"])
    colours = [text.get_color() for text in figure.axes[0].texts]
    assert colours == [ACCENT, ACCENT, TEXT]


def test_scores_without_intervals_are_dots() -> None:
    table = _table(2)[["candidate", "score"]]
    figure = plot_intervals(table, NO_FOLDS, "accuracy")
    figure.draw_without_rendering()
    left, right = figure.axes[0].get_xlim()
    assert left < 0.8 < 0.9 < right
