"""The picture of whether confidence can be believed: how often it is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hybridml.report.style import ACCENT, GUIDE, QUIET, dress, make_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIDE_INCHES, _MOST_BINS, _FEWEST_IMAGES = 4.0, 10, 10


def plot_confidence(
    confidence: npt.NDArray[np.float64], is_right: npt.NDArray[np.bool_]
) -> Figure:
    """Draw, for predictions of like confidence, how many of them are right.

    Parameters
    ----------
    confidence : ndarray of shape (n_images,), float64
        Probability of what was predicted.
    is_right : ndarray of shape (n_images,), bool

    Returns
    -------
    figure : matplotlib Figure
        Made without pyplot: nothing has to be closed. Each dot stands for as many
        images: a tenth of them, and no fewer than ten.

    References
    ----------
    Nguyen & O'Connor, "Posterior calibration and exploratory analysis for natural
    language processing models", 2015, section 2.3 (bins of equal size).

    Examples
    --------
    >>> confidence = np.repeat([0.6, 0.9], 10)
    >>> figure = plot_confidence(confidence, confidence > 0.7)
    >>> figure.axes[0].lines[1].get_ydata().tolist()
    [0.0, 1.0]
    """
    n_bins = max(1, min(_MOST_BINS, len(confidence) // _FEWEST_IMAGES))
    bins = np.array_split(np.argsort(confidence, kind="stable"), n_bins)
    said = np.array([confidence[part].mean() for part in bins])
    right = np.array([is_right[part].mean() for part in bins])
    low = max(0.0, min(said.min(), right.min()) - 0.05)
    figure, axes = make_figure(_SIDE_INCHES, _SIDE_INCHES)
    axes.plot([0, 1], [0, 1], "--", color=QUIET, linewidth=1)
    axes.plot(said, right, "o-", color=ACCENT, markersize=5.5, linewidth=1.7)
    room = 0.02 * (1 - low)
    axes.set_xlim(low, 1 + room)
    axes.set_ylim(low, 1 + room)
    axes.set_aspect("equal")
    axes.set_xlabel("mean confidence")
    axes.set_ylabel("share that is right")
    axes.grid(color=GUIDE)
    dress(axes)
    return figure
