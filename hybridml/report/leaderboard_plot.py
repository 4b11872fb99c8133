"""The picture of a comparison: scores of the cases, and the curve over the layers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hybridml.report.style import ACCENT, GUIDE, LINES, OTHERS, QUIET, TEXT, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INCHES_A_CHARACTER = 0.075
_PANEL_INCHES, _LAYERS_INCHES = 4.4, 5.6


def plot_leaderboard(
    table: pd.DataFrame,
    layer_scores: pd.DataFrame,
    scoring: str,
    *,
    titles: Mapping[int, str] | None = None,
) -> Figure:
    """Draw the scores of the cases, and of the cut layers where they were searched.

    Parameters
    ----------
    table : DataFrame
        As `TransferComparison.table`, the best row first.
    layer_scores : DataFrame
        As `TransferComparison.layer_scores`; may be empty.
    scoring : str
        Name of the score, for the axes.
    titles : mapping of {int: str} or None, default=None
        What each case does, in words.

    Returns
    -------
    figure : matplotlib Figure
        Made without pyplot: nothing has to be closed. Whiskers are standard deviations
        over the folds.

    Examples
    --------
    >>> row = ["resnet18", "layer3", "linear_svm", 0.91, 0.02]
    >>> columns = ["backbone", "cut_layer", "head", "score", "score_std"]
    >>> table = pd.DataFrame([[1, *row]], columns=["case", *columns])
    >>> figure = plot_leaderboard(table, pd.DataFrame(columns=columns), "accuracy")
    >>> len(figure.axes)
    1
    """
    from matplotlib.figure import Figure

    labels = [_label(row, titles or {}) for row in table.to_dict("records")]
    longest = max(len(line) for label in labels for line in label)
    left = _PANEL_INCHES + _INCHES_A_CHARACTER * longest
    backbones = list(dict.fromkeys(layer_scores["backbone"]))
    right = _LAYERS_INCHES if backbones else 0.0
    height = max(1.3 + 0.52 * len(table), 3.1 * len(backbones))
    figure = Figure(figsize=(left + right, height), dpi=150, layout="constrained")
    widths = [left, right] if backbones else [left]
    grid = figure.add_gridspec(
        max(1, len(backbones)), len(widths), width_ratios=widths, wspace=0.06
    )
    _draw_cases(figure.add_subplot(grid[:, 0]), table, labels, scoring)
    for i, backbone in enumerate(backbones):
        rows = layer_scores[layer_scores["backbone"] == backbone]
        _draw_layers(figure.add_subplot(grid[i, 1]), rows, backbone, scoring)
    return figure


def _label(row: Mapping[Any, Any], titles: Mapping[int, str]) -> tuple[str, str]:
    """Say in two lines what a row did, and with what."""
    case = row["case"]
    title = f"case {case}: {titles[case]}" if case in titles else f"case {case}"
    parts = [row["backbone"], row["cut_layer"], row["head"]]
    return title, " · ".join(shorten(str(part)) for part in parts if part)


def _draw_cases(
    axes: Axes, table: pd.DataFrame, labels: list[tuple[str, str]], scoring: str
) -> None:
    n_rows, spreads = len(table), table["score_std"].fillna(0.0)
    for i, row in enumerate(table.to_dict("records")):
        place = n_rows - 1.0 - i  # the best on top
        axes.axhline(place, color=GUIDE, linewidth=1, zorder=0)
        axes.errorbar(
            row["score"],
            place,
            xerr=spreads.iloc[i],
            color=OTHERS if i else ACCENT,
            marker="o",
            markersize=6.5 if i else 8,
            linewidth=2,
            clip_on=False,
        )
        _write_row(axes, place, labels[i], _in_words(row), is_best=i == 0)
    axes.set_yticks([])
    axes.set_ylim(-0.6, n_rows - 0.4)
    axes.set_xlim(_limits(table["score"] - spreads, table["score"] + spreads))
    _dress(axes, "Transfer cases, the best first")
    axes.spines["left"].set_visible(False)
    is_spread = table["score_std"].notna().any()
    what = " (mean ± standard deviation over the folds)" if is_spread else ""
    axes.set_xlabel(f"{scoring}{what}")


def _limits(lows: pd.Series, highs: pd.Series) -> tuple[float, float]:
    """Show a span of at least 0.1 round the scores, but no share above 1."""
    low, high = float(lows.min()), float(highs.max())
    centre, half = (low + high) / 2, max(0.05, 0.55 * (high - low))
    left, right = centre - half, centre + half
    if low >= 0 and high <= 1:
        return max(0.0, left), min(1.0, right)
    return left, right


def _write_row(
    axes: Axes, place: float, label: tuple[str, str], score: str, *, is_best: bool
) -> None:
    colour, weight = (ACCENT, "bold") if is_best else (TEXT, "normal")
    # In the data's units across the rows, in the axes' along them.
    along = axes.get_yaxis_transform()
    main: dict[str, Any] = {"color": colour, "fontweight": weight, "fontsize": 9.5}
    detail: dict[str, Any] = {"color": QUIET, "fontsize": 8}
    for text, x, points_up, side, look in (
        (label[0], -0.02, 6, "right", main),
        (label[1], -0.02, -7, "right", detail),
        (score, 1.03, 0, "left", main),
    ):
        axes.annotate(
            text,
            (x, place),
            (0, points_up),
            xycoords=along,
            textcoords="offset points",
            ha=side,
            va="center",
            **look,
        )


def _draw_layers(
    axes: Axes, layer_scores: pd.DataFrame, backbone: str, scoring: str
) -> None:
    layers = list(dict.fromkeys(layer_scores["cut_layer"]))
    heads = list(dict.fromkeys(layer_scores["head"]))
    for i, head in enumerate(heads):
        rows = layer_scores[layer_scores["head"] == head]
        places = np.array([layers.index(layer) for layer in rows["cut_layer"]], float)
        axes.errorbar(
            places + 0.08 * (i - (len(heads) - 1) / 2),  # whiskers side by side
            rows["score"],
            yerr=rows["score_std"].fillna(0.0),
            color=LINES[i % len(LINES)],
            marker="o",
            markersize=5,
            linewidth=1.6,
            elinewidth=1,
            label=head,
        )
    names = [shorten(layer) for layer in layers]
    axes.set_xticks(range(len(layers)), names, rotation=35, ha="right", fontsize=8)
    axes.grid(axis="y", color=GUIDE)
    axes.set_ylabel(f"{scoring} (inner folds)", fontsize=9)
    _dress(axes, "Case 1: where to cut")
    legend = axes.legend(
        title=shorten(backbone), frameon=False, fontsize=8, title_fontsize=8.5
    )
    legend.set_alignment("left")


def _dress(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", color=TEXT, fontsize=11, fontweight="bold")
    axes.tick_params(colors=QUIET, labelsize=8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(OTHERS)


def _in_words(row: Mapping[Any, Any]) -> str:
    spread = "" if math.isnan(row["score_std"]) else f" ± {row['score_std']:.3f}"
    return f"{row['score']:.3f}{spread}"
