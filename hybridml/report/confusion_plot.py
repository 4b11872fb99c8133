"""The picture of which classes are taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hybridml.report.style import (
    CELL,
    GUIDE,
    PAPER,
    QUIET,
    TEXT,
    dress,
    make_figure,
    shorten,
    take_as_written,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARGIN_INCHES, _NARROWEST_INCHES, _WIDEST_CELL_INCHES = 1.5, 3.4, 0.8
_CELL_INCHES, _MOST_WITH_SHARES = 0.46, 12
_STRONGEST = 0.65  # of a cell's colour, so that the numbers in it can be read
_LONGEST_NAME = 14


def plot_confusion(counts: npt.NDArray[np.int64], classes: Sequence[str]) -> Figure:
    r"""Draw how often each class was taken for each, with the shares of the rows.

    Parameters
    ----------
    counts : ndarray of shape (n_classes, n_classes), int
        A row for each true class, a column for each predicted one.
    classes : sequence of n_classes str

    Returns
    -------
    figure : matplotlib Figure
        Made without pyplot: nothing has to be closed. The shares are written where
        there are at most 12 classes.

    Examples
    --------
    >>> figure = plot_confusion(np.array([[9, 1], [0, 5]]), ["cat", "dog"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['9\n90 %', '1\n10 %', '0', '5\n100 %']
    """
    n_classes = len(classes)
    cell = min(_WIDEST_CELL_INCHES, max(_CELL_INCHES, 3.0 / n_classes))
    width = max(_NARROWEST_INCHES, _MARGIN_INCHES + cell * n_classes)
    figure, axes = make_figure(width, _MARGIN_INCHES - 0.4 + cell * n_classes)
    totals = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(totals, 1)
    for row, column in np.ndindex(counts.shape):
        share, count = float(shares[row, column]), int(counts[row, column])
        with_share = count > 0 and n_classes <= _MOST_WITH_SHARES
        said = f"{count}\n{100 * share:.0f} %" if with_share else f"{count}"
        _draw_cell(axes, row, column, share, said, is_small=not with_share)
    names = [shorten(str(name), _LONGEST_NAME) for name in classes]
    places = np.arange(n_classes)
    turned: dict[str, Any] = {"rotation": 35, "ha": "right"} if n_classes > 3 else {}
    axes.set_xticks(places, names, **turned)
    axes.set_yticks(places, names)
    axes.set_xlim(-0.5, n_classes - 0.5)
    axes.set_ylim(n_classes - 0.5, -0.5)
    axes.set_aspect("equal")
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    dress(axes)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(length=0)
    return take_as_written(figure)


def _draw_cell(
    axes: Axes, row: int, column: int, share: float, said: str, *, is_small: bool
) -> None:
    from matplotlib.patches import Rectangle

    corner = (column - 0.5, row - 0.5)
    axes.add_patch(Rectangle(corner, 1, 1, facecolor=GUIDE, alpha=0.35, lw=0))
    axes.add_patch(
        Rectangle(corner, 1, 1, facecolor=CELL, alpha=_STRONGEST * share, lw=0)
    )
    axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=PAPER, lw=1.5))
    axes.text(
        column,
        row,
        said,
        ha="center",
        va="center",
        color=QUIET if said == "0" else TEXT,
        fontsize=7.5 if is_small else 8.5,
        fontweight="bold" if row == column else "normal",
        linespacing=1.35,
    )
