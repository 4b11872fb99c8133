"""The picture of a comparison of fusions: scores by kind, and the best one alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hybridml.report.style import (
    ACCENT,
    GUIDE,
    OTHERS,
    PAPER,
    QUIET,
    TEXT,
    dress,
    make_figure,
    shorten,
    take_as_written,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GROUPS = {
    "alone": "One modality alone",
    "early": "Early fusion",
    "late": "Late fusion",
    "intermediate": "Intermediate fusion",
    "baseline": "Baseline",
}
_WIDTH_INCHES, _ROW_INCHES, _HEADING_ROWS = 7.6, 0.3, 1.15


def plot_fusion(table: pd.DataFrame, fold_scores: pd.DataFrame, scoring: str) -> Figure:
    """Draw every score with its interval and its folds, by kind of fusion.

    Parameters
    ----------
    table : DataFrame
        As `FusionComparison.table`: candidate, kind, score, and where known score_low
        and score_high; the best row first.
    fold_scores : DataFrame
        candidate, fold, score; may be empty.
    scoring : str
        Name of the score, for the axis.

    Returns
    -------
    figure : matplotlib Figure
        Made without pyplot: nothing has to be closed. Dots are means, bars their
        intervals, ticks the folds; the dashed line is the best modality alone.

    Examples
    --------
    >>> rows = {
    ...     "candidate": ["late fusion (mean)", "photo alone"],
    ...     "kind": ["late", "alone"], "score": [0.94, 0.91],
    ... }
    >>> figure = plot_fusion(pd.DataFrame(rows), pd.DataFrame(), "accuracy")
    >>> [text.get_text() for text in figure.axes[0].texts][:4]
    ['best alone', 'One modality alone', 'photo', '0.910']
    """
    groups = [kind for kind in _GROUPS if (table["kind"] == kind).any()]
    height = len(table) + _HEADING_ROWS * len(groups)
    figure, axes = make_figure(_WIDTH_INCHES, 1.0 + _ROW_INCHES * height)
    axes.set_xlim(*_limits(table, fold_scores))
    _draw_best_alone(axes, table)
    place = 0.0
    for kind in groups:
        _write(axes, _GROUPS[kind], place, x=0.0, color=QUIET, fontsize=8.5)
        for row in table[table["kind"] == kind].to_dict("records"):
            place -= 1.0
            is_best = row["candidate"] == table["candidate"].iloc[0]
            _draw_row(axes, row, fold_scores, place, is_best=is_best)
        place -= _HEADING_ROWS
    axes.set_ylim(place + _HEADING_ROWS - 0.6, 0.6)
    axes.set_yticks([])
    axes.set_xlabel(f"{scoring.replace('_', ' ')}: mean, 95 % interval and folds")
    dress(axes)
    axes.spines["left"].set_visible(False)
    return take_as_written(figure)


def _limits(table: pd.DataFrame, fold_scores: pd.DataFrame) -> tuple[float, float]:
    """Span what looks at the data; a baseline far off would crowd the rest."""
    rows = table[table["kind"] != "baseline"]
    rows = table if rows["score"].isna().all() else rows
    parts = [rows[n] for n in ("score", "score_low", "score_high") if n in rows]
    if len(fold_scores):
        own = fold_scores["candidate"].isin(rows["candidate"])
        parts.append(fold_scores.loc[own, "score"])
    values = pd.concat(parts).dropna()
    low, high = (values.min(), values.max()) if len(values) else (0.0, 1.0)
    room = max(0.01, 0.05 * (high - low))
    return float(low - room), float(high + room)


def _draw_best_alone(axes: Axes, table: pd.DataFrame) -> None:
    alone = table.loc[table["kind"] == "alone", "score"].dropna()
    if alone.empty:
        return
    axes.axvline(alone.max(), color=QUIET, linewidth=1, linestyle=(0, (4, 3)))
    axes.annotate(
        "best alone",
        (alone.max(), 1.0),
        (0, 2),
        xycoords=axes.get_xaxis_transform(),
        textcoords="offset points",
        ha="center",
        color=QUIET,
        fontsize=7.5,
    )


def _draw_row(
    axes: Axes,
    row: Mapping[Any, Any],
    fold_scores: pd.DataFrame,
    place: float,
    *,
    is_best: bool,
) -> None:
    colour, weight = (ACCENT, "bold") if is_best else (TEXT, "normal")
    look: dict[str, Any] = {"color": colour, "fontweight": weight}
    _write(axes, _label(row), place, x=-0.02, ha="right", **look)
    if pd.isna(row["score"]):
        _write(axes, "not run", place, x=1.02, color=QUIET)
        return
    _write(axes, f"{row['score']:.3f}", place, x=1.02, **look)
    axes.axhline(place, color=GUIDE, linewidth=1, zorder=0)
    least, _ = axes.get_xlim()
    if row["score"] < least:
        axes.plot(least, place, "<", color=OTHERS, markersize=7, clip_on=False)
        return
    if len(fold_scores):
        own = fold_scores.loc[fold_scores["candidate"] == row["candidate"], "score"]
        ticks = np.full(len(own), place)
        axes.plot(own, ticks, "|", color=OTHERS, markersize=9, markeredgewidth=1.2)
    dot = ACCENT if is_best else OTHERS
    ends = [row.get("score_low", np.nan), row.get("score_high", np.nan)]
    axes.plot(ends, [place] * 2, color=dot, linewidth=3, alpha=0.6)
    axes.plot(row["score"], place, "o", color=dot, markersize=8, markeredgecolor=PAPER)


def _label(row: Mapping[Any, Any]) -> str:
    """Say what the heading has not said."""
    name = str(row["candidate"])
    if row["kind"] == "alone":
        return shorten(name.removesuffix(" alone"))
    return shorten(name.partition(" (")[2].removesuffix(")") or "guessing")


def _write(axes: Axes, text: str, place: float, *, x: float, **look: Any) -> None:
    # In the data's units across the rows, in the axes' along them.
    along = axes.get_yaxis_transform()
    shown = {"fontsize": 9, "va": "center", **look}
    axes.annotate(text, (x, place), xycoords=along, annotation_clip=False, **shown)
