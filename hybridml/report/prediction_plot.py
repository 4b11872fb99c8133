"""The picture of predicted numbers against the true ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hybridml.report.style import ACCENT, GUIDE, QUIET, dress, make_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIDE_INCHES = 4.4
_MOST_VECTORS = 1500  # beyond it, the points become one small image


def plot_predictions(
    truth: npt.NDArray[np.float64], predicted: npt.NDArray[np.float64]
) -> Figure:
    """Draw each prediction over its truth, beside the line where both agree.

    Parameters
    ----------
    truth, predicted : ndarray of shape (n_images,), float64
        Pairs that hold a number that is not finite are left out.

    Returns
    -------
    figure : matplotlib Figure
        Made without pyplot: nothing has to be closed.

    Examples
    --------
    >>> figure = plot_predictions(np.array([1.0, 2.0]), np.array([1.5, 2.0]))
    >>> figure.axes[0].get_xlim() == figure.axes[0].get_ylim()
    True
    """
    pairs = np.column_stack([truth, predicted]).astype(float)
    pairs = pairs[np.isfinite(pairs).all(axis=1)]
    figure, axes = make_figure(_SIDE_INCHES, _SIDE_INCHES)
    low, high = (pairs.min(), pairs.max()) if len(pairs) else (0.0, 1.0)
    margin = 0.05 * (high - low) or 1.0
    ends = float(low - margin), float(high + margin)
    axes.plot(ends, ends, "--", color=QUIET, linewidth=1, zorder=1)
    axes.plot(
        *pairs.T,
        "o",
        color=ACCENT,
        markersize=4.5,
        markeredgewidth=0,
        alpha=max(0.05, min(0.6, 60 / max(1, len(pairs)) ** 0.75)),
        rasterized=len(pairs) > _MOST_VECTORS,
    )
    axes.set_xlim(ends)
    axes.set_ylim(ends)
    axes.set_aspect("equal")
    axes.set_xlabel("true")
    axes.set_ylabel("predicted")
    axes.grid(color=GUIDE)
    dress(axes)
    return figure
