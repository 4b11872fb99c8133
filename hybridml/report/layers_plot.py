"""The picture of where to cut: the score over the cut layers, a line a head."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hybridml.report.style import (
    GUIDE,
    LINES,
    TEXT,
    dress,
    make_figure,
    shorten,
    take_as_written,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTH_INCHES, _HEIGHT_INCHES = 4.7, 3.5


def plot_layers(
    layer_scores: pd.DataFrame, scoring: str, *, by: str = "head", title: str = ""
) -> Figure:
    """Draw the score over the cut layers, from the input to the output.

    Parameters
    ----------
    layer_scores : DataFrame
        cut_layer, score, score_std and the column `by`; a layer's place is where it
        comes first.
    scoring : str
        Name of the score, for the axis.
    by : str, default="head"
        The column whose values are the lines: "head", or "weights".
    title : str, default=""

    Returns
    -------
    figure : matplotlib Figure
        Made without pyplot: nothing has to be closed. The bands are standard
        deviations.

    Examples
    --------
    >>> rows = [("stem", "ridge", 0.7, 0.02), ("layer1", "ridge", 0.9, 0.01)]
    >>> columns = ["cut_layer", "head", "score", "score_std"]
    >>> figure = plot_layers(pd.DataFrame(rows, columns=columns), "accuracy")
    >>> [label.get_text() for label in figure.axes[0].get_xticklabels()]
    ['stem', 'layer1']
    """
    figure, axes = make_figure(_WIDTH_INCHES, _HEIGHT_INCHES)
    layers = list(dict.fromkeys(layer_scores["cut_layer"].astype(str)))
    for i, (line, rows) in enumerate(layer_scores.groupby(by, sort=False)):
        places = np.array([layers.index(str(name)) for name in rows["cut_layer"]])
        rows, places = rows.iloc[np.argsort(places, kind="stable")], np.sort(places)
        scores, spread = rows["score"], rows["score_std"].fillna(0.0)
        colour = LINES[i % len(LINES)]
        axes.fill_between(
            places, scores - spread, scores + spread, color=colour, alpha=0.13, lw=0
        )
        axes.plot(
            places, scores, "o-", color=colour, markersize=4.5, lw=1.7, label=str(line)
        )
    names = [shorten(layer, 21) for layer in layers]
    axes.set_xticks(range(len(layers)), names, rotation=35, ha="right")
    axes.set_ylabel(scoring)
    axes.grid(axis="y", color=GUIDE)
    axes.legend(frameon=False, fontsize=8.5, labelcolor=TEXT)
    dress(axes, title)
    return take_as_written(figure)
