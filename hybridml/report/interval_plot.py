"""The picture of how sure each score is: its interval, and every fold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hybridml.report.style import (
    ACCENT,
    GUIDE,
    OTHERS,
    PAPER,
    TEXT,
    dress,
    make_figure,
    shorten,
    take_as_written,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH_INCHES, _ROW_INCHES, _LONGEST_NAME = 4.8, 0.47, 52


def plot_intervals(
    table: pd.DataFrame,
    fold_scores: pd.DataFrame,
    scoring: str,
    *,
    tied: Sequence[str] = (),
) -> Figure:
    """Draw the score of each candidate with its interval, over its folds.

    Parameters
    ----------
    table : DataFrame
        candidate, score, and where known score_low and score_high; the best row first.
    fold_scores : DataFrame
        candidate, fold, score; may be empty.
    scoring : str
        Name of the score, for the axis.
    tied : sequence of str, default=()
        Candidates that the folds do not tell from the first: drawn in its colour.

    Returns
    -------
    figure : matplotlib Figure
        Made without pyplot: nothing has to be closed.

    Examples
    --------
    >>> rows = {"candidate": ["case 1", "case 3"], "score": [0.94, 0.91]}
    >>> figure = plot_intervals(pd.DataFrame(rows), pd.DataFrame(), "accuracy")
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['case 1', 'case 3']
    """
    figure, axes = make_figure(_WIDTH_INCHES, 0.75 + _ROW_INCHES * len(table))
    for i, row in enumerate(table.to_dict("records")):
        place = len(table) - 1.0 - i  # the best on top
        is_best = i == 0 or row["candidate"] in tied
        axes.axhline(place, color=GUIDE, linewidth=1, zorder=0)
        if len(fold_scores):
            own = fold_scores[fold_scores["candidate"] == row["candidate"]]
            _draw_folds(axes, own["score"], place)
        _draw_interval(axes, row, place, is_best=is_best)
        axes.annotate(
            shorten(str(row["candidate"]), _LONGEST_NAME),
            (0.0, place),
            (2, 7),
            xycoords=axes.get_yaxis_transform(),
            textcoords="offset points",
            color=ACCENT if is_best else TEXT,
            fontsize=8.5,
            fontweight="bold" if i == 0 else "normal",
        )
    axes.set_yticks([])
    axes.set_ylim(-0.5, len(table) - 0.25)
    axes.margins(x=0.06)
    axes.set_xlabel(scoring)
    dress(axes)
    axes.spines["left"].set_visible(False)
    return take_as_written(figure)


def _draw_folds(axes: Axes, scores: pd.Series, place: float) -> None:
    axes.plot(
        scores,
        np.full(len(scores), place),
        "|",
        color=OTHERS,
        markersize=7,
        markeredgewidth=1.2,
    )


def _draw_interval(
    axes: Axes, row: Mapping[Any, Any], place: float, *, is_best: bool
) -> None:
    colour = ACCENT if is_best else OTHERS
    ends = [row.get("score_low", np.nan), row.get("score_high", np.nan)]
    axes.plot(ends, [place, place], color=colour, linewidth=3, solid_capstyle="round")
    axes.plot(
        [row["score"]], [place], "o", color=colour, markersize=8, markeredgecolor=PAPER
    )
