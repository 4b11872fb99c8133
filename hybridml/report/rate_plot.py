"""The picture of a learning-rate range test: how the loss falls and then explodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hybridml.report.style import ACCENT, GUIDE, OTHERS, QUIET, TEXT

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_rates(
    rates: npt.NDArray[np.float64],
    losses: npt.NDArray[np.float64],
    smoothed: npt.NDArray[np.float64],
    suggestion: float,
) -> Figure:
    """Draw the loss over the learning rate, and where it falls fastest.

    Parameters
    ----------
    rates : ndarray of shape (n_steps,), float64
        Ascending, above 0.
    losses, smoothed : ndarray of shape (n_steps,), float64
        As measured, and smoothed.
    suggestion : float
        The rate to mark.

    Returns
    -------
    figure : matplotlib Figure
        Made without pyplot: nothing has to be closed.

    Examples
    --------
    >>> rates, losses = np.array([0.01, 0.1, 1.0]), np.array([0.7, 0.5, 3.0])
    >>> figure = plot_rates(rates, losses, losses, 0.1)
    >>> figure.axes[0].get_xscale()
    'log'
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0), dpi=150, layout="constrained")
    axes = figure.add_subplot()
    axes.plot(rates, losses, color=OTHERS, linewidth=0.8, label="each step")
    axes.plot(rates, smoothed, color=ACCENT, linewidth=2, label="smoothed")
    axes.axvline(
        suggestion, color=TEXT, linestyle="--", linewidth=1, label=f"{suggestion:.1e}"
    )
    axes.set_xscale("log")
    axes.set_ylim(_limits(smoothed))
    axes.set_xlabel("learning rate")
    axes.set_ylabel("loss")
    axes.set_title(
        "Learning-rate range test", loc="left", color=TEXT, fontsize=11, weight="bold"
    )
    axes.grid(color=GUIDE)
    axes.set_axisbelow(True)
    axes.tick_params(colors=QUIET, labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(OTHERS)
    axes.legend(frameon=False, fontsize=8)
    return figure


def _limits(smoothed: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Show the fall; the explosion behind it may leave the picture."""
    low, first = float(smoothed.min()), float(smoothed[0])
    span = max(first - low, 0.1 * abs(first), 1e-9)
    return low - 0.3 * span, first + span
