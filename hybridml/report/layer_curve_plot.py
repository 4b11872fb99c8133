"""The picture of a layer curve: the score of each layer, from input to output."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = ("#1b6ca8", "#8a99a6", "#d1495b", "#d99a1c", "#3a7d44")
_TEXT, _QUIET, _GUIDE, _FALL = "#222222", "#6b7680", "#e6eaed", "#d1495b"
_LEAST_INCHES, _INCHES_A_LAYER, _HEIGHT_INCHES = 6.4, 0.8, 4.0
_CHARACTERS_AN_INCH = 10
_LONGEST_NAME = 16
_MINUS = "\N{MINUS SIGN}"


def plot_layer_curve(table: pd.DataFrame, scoring: str, *, title: str = "") -> Figure:
    r"""Draw how well each layer of a network serves, for one or more sets of weights.

    Parameters
    ----------
    table : DataFrame
        As `LayerCurve.table`: weights, cut_layer, depth, gmacs, score, score_std. The
        first weights are the ones that count.
    scoring : str
        Name of the score, for the axis.
    title : str, default=""
        Stands over the picture.

    Returns
    -------
    figure : matplotlib Figure
        Made without pyplot: nothing has to be closed. Bands are standard deviations
        over the folds; below the names stands what a layer costs, in 10^9 multiply-adds
        an image.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {
    ...         "weights": "pretrained",
    ...         "cut_layer": ["stem", "stage1", "penultimate"],
    ...         "depth": [1, 2, 3],
    ...         "gmacs": [0.01, 0.1, 0.4],
    ...         "score": [0.6, 0.9, 0.8],
    ...         "score_std": [0.02, 0.01, 0.02],
    ...     }
    ... )
    >>> figure = plot_layer_curve(table, "accuracy")
    >>> [label.get_text() for label in figure.axes[0].get_xticklabels()][1]
    'stage1\n0.1'
    """
    from matplotlib.figure import Figure

    layers = table.drop_duplicates("cut_layer").sort_values("depth")
    width = max(_LEAST_INCHES, 1.6 + _INCHES_A_LAYER * len(layers))
    figure = Figure(figsize=(width, _HEIGHT_INCHES), dpi=150, layout="constrained")
    axes = figure.subplots()
    names = list(dict.fromkeys(table["weights"]))
    for place, name in reversed(list(enumerate(names))):  # the first one on top
        rows = table[table["weights"] == name].sort_values("depth")
        _draw_curve(
            axes, rows, _COLOURS[place % len(_COLOURS)], name, is_main=not place
        )
    _limit(axes, table)
    _mark_best(axes, table[table["weights"] == names[0]].sort_values("depth"))
    _dress(axes, layers, scoring)
    if title:
        look = {"color": _TEXT, "fontsize": 11, "fontweight": "bold"}
        wrapped = textwrap.fill(title, int(_CHARACTERS_AN_INCH * width))
        figure.suptitle(wrapped, x=0.01, ha="left", **look)
    return figure


def _draw_curve(
    axes: Axes, rows: pd.DataFrame, colour: str, label: str, *, is_main: bool
) -> None:
    depths, scores = rows["depth"].to_numpy(float), rows["score"].to_numpy(float)
    spread = rows["score_std"].fillna(0.0).to_numpy(float)
    axes.fill_between(
        depths, scores - spread, scores + spread, color=colour, alpha=0.15, linewidth=0
    )
    axes.plot(
        depths,
        scores,
        "-" if is_main else "--",
        color=colour,
        marker="o",
        markersize=5 if is_main else 3.5,
        linewidth=2 if is_main else 1.5,
        label=label,
    )


def _limit(axes: Axes, table: pd.DataFrame) -> None:
    """Leave room for the labels above the curves."""
    spread = table["score_std"].fillna(0.0)
    low, high = (table["score"] - spread).min(), (table["score"] + spread).max()
    room = max(0.02, 0.16 * (high - low))
    axes.set_ylim(low - room, high + 1.3 * room)
    most = int(table["depth"].max())
    axes.set_xlim(0.6, most + 0.6)


def _mark_best(axes: Axes, rows: pd.DataFrame) -> None:
    """Write the best score, and how far the last layer lies below it."""
    best, last = rows.iloc[int(rows["score"].to_numpy().argmax())], rows.iloc[-1]
    axes.plot(
        best["depth"],
        best["score"],
        "o",
        color=_COLOURS[0],
        markersize=9,
        markeredgecolor="white",
        zorder=4,
    )
    _write(axes, f"{best['score']:.3f}", (best["depth"], best["score"]), _COLOURS[0])
    fall = float(best["score"] - last["score"])
    if best["depth"] == last["depth"] or round(fall, 3) == 0:
        return
    line: dict[str, Any] = {"color": _FALL, "linewidth": 1}
    axes.plot([best["depth"], last["depth"]], [best["score"]] * 2, ":", **line)
    axes.annotate(
        "",
        (last["depth"], last["score"]),
        (last["depth"], best["score"]),
        arrowprops={"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 3, **line},
    )
    _write(axes, f"{_MINUS}{fall:.3f}", (last["depth"], best["score"]), _FALL)


def _write(axes: Axes, text: str, point: tuple[float, float], colour: str) -> None:
    from matplotlib.patheffects import withStroke

    axes.annotate(
        text,
        point,
        (0, 9),
        textcoords="offset points",
        ha="center",
        va="bottom",
        color=colour,
        fontsize=9.5,
        fontweight="bold",
        path_effects=[withStroke(linewidth=2.5, foreground="white")],
        zorder=5,
    )


def _dress(axes: Axes, layers: pd.DataFrame, scoring: str) -> None:
    names = [
        f"{_shorten(row['cut_layer'])}\n{_cost(row['gmacs'])}"
        for row in layers.to_dict("records")
    ]
    axes.set_xticks(layers["depth"], names)
    has_cost = np.isfinite(layers["gmacs"].to_numpy(dtype=float)).any()
    cost = ", and its cost (10⁹ multiply-adds an image)" if has_cost else ""
    axes.set_xlabel(f"layer{cost}", fontsize=9, color=_QUIET)
    axes.set_ylabel(f"{scoring} (cross-validated)", fontsize=9, color=_QUIET)
    axes.tick_params(colors=_QUIET, labelsize=8)
    axes.tick_params(axis="x", colors=_TEXT)
    axes.grid(axis="y", color=_GUIDE)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_COLOURS[1])
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles[::-1],
        labels[::-1],
        frameon=False,
        fontsize=9,
        ncols=len(labels),
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),  # clear of every curve
        borderaxespad=0.2,
    )


def _cost(gmacs: float) -> str:
    return f"{gmacs:.2g}" if np.isfinite(gmacs) else ""


def _shorten(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
