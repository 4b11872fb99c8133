"""The picture of a comparison: scores of the cases, and the curve over the layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WINNER, _OTHERS, _TEXT = "#1b6ca8", "#b8c4ce", "#333333"


def plot_leaderboard(
    table: pd.DataFrame, layer_scores: pd.DataFrame, scoring: str
) -> Figure:
    """Draw the scores of the cases, and of the cut layers where they were searched.

    Parameters
    ----------
    table : DataFrame
        As `TransferComparison.table`.
    layer_scores : DataFrame
        As `TransferComparison.layer_scores`; may be empty.
    scoring : str
        Name of the score, for the axes.

    Returns
    -------
    figure : matplotlib Figure
        Made without pyplot: nothing has to be closed.
    """
    from matplotlib.figure import Figure

    n_panels = 1 if layer_scores.empty else 2
    height = max(2.6, 0.55 * len(table) + 1.4)
    figure = Figure(figsize=(5.6 * n_panels, height), dpi=150, layout="constrained")
    axes = np.atleast_1d(figure.subplots(1, n_panels))
    _draw_cases(axes[0], table, scoring)
    if n_panels == 2:
        _draw_layers(axes[1], layer_scores, scoring)
    return figure


def _draw_cases(axes: Axes, table: pd.DataFrame, scoring: str) -> None:
    rows = table.iloc[::-1]
    places = np.arange(len(rows))
    colours = [_OTHERS] * (len(rows) - 1) + [_WINNER]
    spread = rows["score_std"].fillna(0.0)
    axes.barh(places, rows["score"], xerr=spread, color=colours, ecolor=_TEXT)
    labels = [
        f"case {case}\n{name}"
        for case, name in zip(rows["case"], rows["backbone"], strict=True)
    ]
    axes.set_yticks(places, labels, fontsize=8)
    for place, score in zip(places, rows["score"], strict=True):
        axes.text(
            0.01,
            place,
            f"{score:.3f}",
            transform=axes.get_yaxis_transform(),
            va="center",
            color="white" if place == len(rows) - 1 else _TEXT,
        )
    axes.set_xlabel(scoring)
    axes.set_title("Transfer cases", loc="left", color=_TEXT)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_layers(axes: Axes, layer_scores: pd.DataFrame, scoring: str) -> None:
    for (backbone, head), rows in layer_scores.groupby(
        ["backbone", "head"], sort=False
    ):
        places = np.arange(len(rows))
        axes.errorbar(
            places,
            rows["score"],
            yerr=rows["score_std"].fillna(0.0),
            marker="o",
            capsize=3,
            label=f"{backbone}, {head}",
        )
        axes.set_xticks(places, rows["cut_layer"], rotation=35, ha="right", fontsize=8)
    axes.set_ylabel(f"{scoring} (inner folds)")
    axes.set_title("Case 1: where to cut", loc="left", color=_TEXT)
    axes.legend(frameon=False, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
