"""The picture of what a better score costs, and which candidates nothing beats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hybridml.report.name_placing import write_beside
from hybridml.report.style import (
    ACCENT,
    GUIDE,
    OTHERS,
    PAPER,
    dress,
    make_figure,
    take_as_written,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH_INCHES, _HEIGHT_INCHES = 4.7, 3.5


def plot_cost(
    table: pd.DataFrame, cost: str, scoring: str, *, label: str, title: str = ""
) -> Figure:
    """Draw the score over the logarithm of a cost, with the front of the best.

    Parameters
    ----------
    table : DataFrame
        candidate, score and the cost; rows whose cost is not above 0 are left out.
        Its index is the rank, from 0 on.
    cost : str
        Name of the column.
    scoring : str
        Name of the score, for the axis.
    label : str
        What the cost is, with its unit.
    title : str, default=""

    Returns
    -------
    figure : matplotlib Figure
        Made without pyplot: nothing has to be closed. On the front lie the candidates
        than which none is both better and cheaper.

    Examples
    --------
    >>> rows = {"candidate": ["a", "b", "c"], "score": [0.9, 0.8, 0.7], "ms": [9, 1, 4]}
    >>> figure = plot_cost(pd.DataFrame(rows), "ms", "accuracy", label="ms an image")
    >>> figure.axes[0].lines[0].get_xdata().tolist()  # of the front
    [1.0, 9.0, 9.0]
    """
    known = table[table[cost] > 0]
    figure, axes = make_figure(_WIDTH_INCHES, _HEIGHT_INCHES)
    costs, scores = known[cost].to_numpy(float), known["score"].to_numpy(float)
    on_front = find_front(costs, scores)
    order = np.argsort(costs[on_front], kind="stable")
    front = costs[on_front][order], scores[on_front][order]
    line = np.repeat(front[0], 2)[1:], np.repeat(front[1], 2)[:-1]  # a staircase
    axes.plot(*line, color=ACCENT, linewidth=1.2, alpha=0.6, zorder=1)
    for x, y, is_best in zip(costs, scores, on_front, strict=True):
        colour = ACCENT if is_best else OTHERS
        axes.plot([x], [y], "o", color=colour, markersize=8, markeredgecolor=PAPER)
    _set_log_axis(axes, costs)
    axes.margins(y=0.16)
    axes.set_xlabel(label)
    axes.set_ylabel(scoring)
    axes.grid(color=GUIDE)
    dress(axes, title)
    figure.draw_without_rendering()  # before this, nothing has its place
    names = name_briefly(known["candidate"])
    write_beside(figure, axes, costs, scores, names, line)
    return take_as_written(figure)


def find_front(costs: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Mark the points than which none is better at no higher cost.

    Examples
    --------
    >>> find_front(np.array([9, 1, 4]), np.array([0.9, 0.8, 0.7])).tolist()
    [True, True, False]
    """
    as_cheap = costs[:, None] >= costs
    as_good = scores[:, None] <= scores
    is_other = (costs[:, None] > costs) | (scores[:, None] < scores)
    return np.asarray(~(as_cheap & as_good & is_other).any(axis=1))


def name_briefly(candidates: pd.Series) -> list[str]:
    """Keep of a candidate what stands before its brackets, and its rank if need be.

    Examples
    --------
    >>> name_briefly(pd.Series(["case 1 (a)", "case 1 (b)", "case 3 (a)"]))
    ['case 1 (#1)', 'case 1 (#2)', 'case 3']
    """
    names = [str(name).partition(" (")[0][:24] for name in candidates]
    return [
        name if names.count(name) == 1 else f"{name} (#{rank + 1})"
        for rank, name in zip(candidates.index, names, strict=True)
    ]


def _set_log_axis(axes: Axes, costs: np.ndarray) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    if not len(costs):
        return
    low, high = float(costs.min()), float(costs.max())
    axes.set_xlim(low / 2, high * 2)
    steps = (1.0, 2.0, 5.0) if high / low < 300 else (1.0,)
    axes.xaxis.set_major_locator(LogLocator(subs=steps, numticks=12))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
