"""The picture of a training run: its losses, its score, and the epoch that was kept."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hybridml.report.style import ACCENT, GUIDE, OTHERS, QUIET, TEXT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANEL_INCHES, _HEIGHT_INCHES = 4.6, 3.5
_CHARACTERS_AN_INCH = 10
_MOST_DOTS = 40
_TRAIN, _VALID = OTHERS, ACCENT
_LOSSES = {
    "train_loss": ("training", _TRAIN, "--"),
    "valid_loss": ("held out", _VALID, "-"),
}


def plot_history(
    history: pd.DataFrame,
    *,
    best_epoch: int | None = None,
    start: str = "start",
    title: str = "",
) -> Figure:
    """Draw the losses of a training run and its score, epoch by epoch.

    Parameters
    ----------
    history : DataFrame
        As `FineTuneClassifier.history_`: epoch, train_loss, valid_loss; the other
        columns that begin with "valid_" are scores, each in a panel of its own.
    best_epoch : int or None, default=None
        The epoch whose state was kept; None for that of the least held-out loss, or
        the last one where nothing was held out.
    start : str, default="start"
        What epoch 0 is called on the axis, such as "probe".
    title : str, default=""
        Stands over the picture: the verdict of `diagnose`, say.

    Returns
    -------
    figure : matplotlib Figure
        Made without pyplot: nothing has to be closed.

    Examples
    --------
    >>> history = pd.DataFrame(
    ...     {
    ...         "epoch": [0, 1, 2],
    ...         "train_loss": [None, 0.5, 0.3],
    ...         "valid_loss": [0.7, 0.4, 0.45],
    ...         "valid_accuracy": [0.5, 0.8, 0.8],
    ...     }
    ... )
    >>> figure = plot_history(history, start="probe", title="a good fit")
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['Loss', 'Accuracy (held out)']
    """
    from matplotlib.figure import Figure

    scores = [
        name
        for name in map(str, history.columns)
        if name.startswith("valid_")
        and name != "valid_loss"
        and history[name].notna().any()
    ]
    n_panels = 1 + len(scores)
    figure = Figure(
        figsize=(_PANEL_INCHES * n_panels, _HEIGHT_INCHES),
        dpi=150,
        layout="constrained",
    )
    panels = figure.subplots(1, n_panels, squeeze=False)[0]
    kept = _kept_epoch(history) if best_epoch is None else best_epoch
    _draw_losses(panels[0], history, kept)
    for axes, name in zip(panels[1:], scores, strict=True):
        _draw_score(axes, history, name, kept)
    for axes in panels:
        _mark_epochs(axes, history, kept, start)
    if title:
        look = {"color": TEXT, "fontsize": 11, "fontweight": "bold"}
        width = int(_CHARACTERS_AN_INCH * _PANEL_INCHES * n_panels)
        figure.suptitle(textwrap.fill(title, width), x=0.01, ha="left", **look)
    return figure


def _kept_epoch(history: pd.DataFrame) -> int:
    """Find the epoch that training keeps, as it does."""
    held_out = history.dropna(subset="valid_loss")
    if held_out.empty:
        return int(history["epoch"].iloc[-1])
    best = int(held_out["valid_loss"].to_numpy().argmin())
    return int(held_out["epoch"].iloc[best])


def _draw_losses(axes: Axes, history: pd.DataFrame, kept: int) -> None:
    for column, (label, colour, line) in _LOSSES.items():
        if history[column].notna().any():
            _draw_curve(axes, history, column, kept, colour, line, label)
    shown = history[list(_LOSSES)].to_numpy(dtype=float)
    finite = shown[np.isfinite(shown)]
    if len(finite):
        top = _highest_shown(finite)
        axes.set_ylim(0 if finite.min() >= 0 else None, 1.08 * top)
        if finite.max() > 1.08 * top:
            note = f"higher losses, up to {finite.max():.3g}, are not shown"
            axes.annotate(
                note,
                (0.99, 0.98),
                xycoords="axes fraction",
                ha="right",
                va="top",
                color=QUIET,
                fontsize=8,
            )
    axes.legend(
        frameon=False,
        fontsize=8.5,
        ncols=2,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),  # beside the title, clear of every curve
        borderaxespad=0.2,
    )
    _dress(axes, "Loss")


def _highest_shown(finite: np.ndarray) -> float:
    """Leave a lone spike outside, so that the rest can be read."""
    highest, usual = float(finite.max()), float(np.quantile(finite, 0.9))
    return highest if highest <= 5 * usual else 2 * usual


def _draw_score(axes: Axes, history: pd.DataFrame, column: str, kept: int) -> None:
    _draw_curve(axes, history, column, kept, _VALID, "-")
    low, high = float(history[column].min()), float(history[column].max())
    margin = max(0.05, 0.1 * (high - low))
    top = max(1.02, high) if high <= 1 and high + margin > 1 else high + margin
    axes.set_ylim(low - margin if low < 0 else max(-0.02, low - margin), top)
    name = column.removeprefix("valid_").replace("_", " ")
    is_short = len(name) < 3  # r2 and the like
    _dress(axes, f"{name.upper() if is_short else name.capitalize()} (held out)")


def _draw_curve(
    axes: Axes,
    history: pd.DataFrame,
    column: str,
    kept: int,
    colour: str,
    line: str,
    label: str = "",
) -> None:
    known = history.dropna(subset=column)
    epochs, values = known["epoch"], known[column]
    dot = "o" if len(history) <= _MOST_DOTS else ""
    axes.plot(
        epochs,
        values,
        line,
        color=colour,
        marker=dot,
        markersize=3.5,
        linewidth=1.8,
        label=label,
    )
    at_kept = values[epochs == kept]
    if column == "train_loss" or at_kept.empty:
        return
    value = float(at_kept.iloc[0])
    axes.plot(kept, value, "o", color=colour, markersize=8, markeredgecolor="white")
    if column == "valid_loss":
        after = values[epochs > kept]  # where the label goes, the curve may fall
        is_clear = after.empty or float(after.iloc[0]) >= value
        is_low = is_clear and value > 0.2 * float(values.max())
    else:
        is_low = value > float(values.mean())
    is_right = kept > 0.75 * epochs.max() > 0
    _write_value(axes, (kept, value), is_low=bool(is_low), is_right=is_right)


def _write_value(
    axes: Axes, point: tuple[float, float], *, is_low: bool, is_right: bool
) -> None:
    """Write a value below or above its point, on one side of the vertical line."""
    from matplotlib.patheffects import withStroke

    axes.annotate(
        f"{point[1]:.3f}",
        point,
        (-7 if is_right else 7, -8 if is_low else 8),
        textcoords="offset points",
        color=_VALID,
        fontsize=9.5,
        fontweight="bold",
        ha="right" if is_right else "left",
        va="top" if is_low else "bottom",
        path_effects=[withStroke(linewidth=2.5, foreground="white")],
        zorder=5,
    )


def _mark_epochs(axes: Axes, history: pd.DataFrame, kept: int, start: str) -> None:
    from matplotlib.ticker import MaxNLocator

    last = max(1, int(history["epoch"].max()))
    axes.axvline(kept, color=QUIET, linewidth=1, linestyle=":", zorder=0)
    axes.set_xlim(-0.03 * last, 1.03 * last)
    ticks = MaxNLocator(nbins=8, integer=True).tick_values(0, last)
    ticks = [int(tick) for tick in ticks if 0 <= tick < 0.95 * last] + [last]
    has_start = bool((history["epoch"] == 0).any())
    names = [start if tick == 0 and has_start else str(tick) for tick in ticks]
    axes.set_xticks(ticks, names)
    axes.set_xlabel(f"epoch (kept: {kept or start})", fontsize=9, color=TEXT)


def _dress(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", color=TEXT, fontsize=10)
    axes.tick_params(colors=QUIET, labelsize=8)
    axes.grid(axis="y", color=GUIDE)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_TRAIN)
