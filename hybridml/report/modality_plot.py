"""The picture of what each modality adds to a fusion."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    shorten,
    take_as_written,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH_INCHES, _INCHES_A_ROW, _MARGIN_INCHES = 8.2, 0.5, 1.35


def plot_modalities(
    table: pd.DataFrame, *, score: float, guess: float, scoring: str
) -> Figure:
    """Draw what each modality scores alone, what all score without it, and its share.

    Parameters
    ----------
    table : DataFrame
        modality, alone, without, shapley, shapley_low, shapley_high; see
        `hybridml.fusion.ModalityReport`.
    score, guess : float
        Of all modalities, and of none.
    scoring : str
        Name of the score, for the axes.

    Returns
    -------
    figure : matplotlib Figure
        Made without pyplot: nothing has to be closed.

    Examples
    --------
    >>> rows = {"modality": ["photo", "name"], "alone": [0.8, 0.9]}
    >>> rows |= {"without": [0.9, 0.8], "shapley": [0.2, 0.3]}
    >>> rows |= {"shapley_low": [0.1, 0.2], "shapley_high": [0.3, 0.4]}
    >>> figure = plot_modalities(
    ...     pd.DataFrame(rows), score=0.95, guess=0.45, scoring="accuracy"
    ... )
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
    ['photo', 'name']
    """
    from matplotlib.figure import Figure

    height = _MARGIN_INCHES + _INCHES_A_ROW * len(table)
    figure = Figure(figsize=(_WIDTH_INCHES, height), dpi=150, layout="constrained")
    scores, shares = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    _draw_scores(scores, table, score, guess, scoring)
    _draw_shares(shares, table, scoring)
    figure.legend(
        *scores.get_legend_handles_labels(),
        loc="outside lower left",
        ncols=2,
        frameon=False,
        fontsize=8,
        labelcolor=TEXT,
    )
    return take_as_written(figure)


def _draw_scores(
    axes: Axes, table: pd.DataFrame, score: float, guess: float, scoring: str
) -> None:
    places = np.arange(len(table))
    dress(axes, "With one modality, and with all but it")
    axes.axvline(score, color=ACCENT, lw=1.2, zorder=1)
    axes.axvline(guess, color=OTHERS, lw=1, ls=(0, (2, 2)), zorder=1)
    axes.hlines(places, table["alone"], table["without"], color=GUIDE, lw=3, zorder=0)
    axes.plot(
        table["alone"], places, "o", color=ACCENT, ms=7, label="it alone", zorder=3
    )
    axes.plot(
        table["without"],
        places,
        "o",
        mfc=PAPER,
        mec=ACCENT,
        mew=1.5,
        ms=7,
        label="all but it",
        zorder=2,
    )
    axes.set_yticks(places, [shorten(name) for name in table["modality"]])
    axes.set_ylim(len(table) - 0.5, -0.5)
    axes.set_xlabel(scoring)
    top = axes.get_xaxis_transform()
    for value, text, colour in ((score, "all", ACCENT), (guess, "guess", QUIET)):
        label = f" {text} {value:.3f} "
        side = "right" if value == max(score, guess) else "left"
        axes.text(value, 0.02, label, color=colour, fontsize=8, ha=side, transform=top)


def _draw_shares(axes: Axes, table: pd.DataFrame, scoring: str) -> None:
    places = np.arange(len(table))
    dress(axes, "Its share (Shapley value)")
    values = table["shapley"].to_numpy(float)
    errors = np.abs(
        [
            values - table["shapley_low"].to_numpy(float),
            table["shapley_high"].to_numpy(float) - values,
        ]
    )
    axes.barh(places, values, height=0.5, color=ACCENT, alpha=0.85)
    axes.errorbar(values, places, xerr=errors, fmt="none", ecolor=TEXT, lw=1)
    axes.axvline(0, color=OTHERS, lw=1)
    axes.set_xlabel(f"of {scoring}, above a guess")
    axes.tick_params(left=False)
