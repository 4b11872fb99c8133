"""Where the name of a point is written: on the side where least is in the way."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hybridml.report.style import TEXT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# All in points.
_LETTER, _LINE, _DOT, _AWAY, _HALF_A_LINE = 5.2, 11.0, 5.0, 8.0, 1.5
# Alignment, then the way right and up.
_SIDES = (
    ("left", _AWAY, 0.0),
    ("right", -_AWAY, 0.0),
    ("center", 0.0, 1.4 * _AWAY),
    ("center", 0.0, -1.4 * _AWAY),
    ("left", _AWAY, 1.2 * _AWAY),
    ("left", _AWAY, -1.2 * _AWAY),
    ("right", -_AWAY, 1.2 * _AWAY),
    ("right", -_AWAY, -1.2 * _AWAY),
)
_SHARE_LEFT = {"left": 0.0, "center": 0.5, "right": 1.0}


class _Box(NamedTuple):
    left: float
    bottom: float
    right: float
    top: float

    def overlap(self, other: _Box) -> float:
        """Area that both cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.top, other.top) - max(self.bottom, other.bottom)
        return max(0.0, width) * max(0.0, height)


def write_beside(
    figure: Figure,
    axes: Axes,
    xs: np.ndarray,
    ys: np.ndarray,
    names: list[str],
    line: tuple[np.ndarray, np.ndarray],
) -> None:
    """Write each name beside its point.

    Parameters
    ----------
    figure : Figure
        Laid out already.
    axes : Axes
        With the limits that it keeps.
    xs, ys : ndarray of shape (n_points,)
    names : list of n_points str
    line : tuple of (ndarray, ndarray)
        Corners of a line, along the axes, that no name should cross.
    """
    points_a_pixel = 72 / figure.dpi
    points = axes.transData.transform(np.column_stack([xs, ys])) * points_a_pixel
    frame = _Box(*axes.get_window_extent().get_points().ravel() * points_a_pixel)
    taken = [_Box(x - _DOT, y - _DOT, x + _DOT, y + _DOT) for x, y in points]
    corners = axes.transData.transform(np.column_stack(line)) * points_a_pixel
    taken += [_around(*ends) for ends in pairwise(corners)]
    for (x, y), at, name in zip(zip(xs, ys, strict=True), points, names, strict=True):
        box, (side, right, up) = _clearest(at, _LETTER * len(name), taken, frame)
        taken.append(box)
        axes.annotate(
            name,
            (float(x), float(y)),
            (right, up),
            textcoords="offset points",
            ha=side,
            va="center",
            color=TEXT,
            fontsize=8.5,
        )


def _around(start: np.ndarray, end: np.ndarray) -> _Box:
    low, high = np.minimum(start, end), np.maximum(start, end)
    return _Box(*(low - _HALF_A_LINE), *(high + _HALF_A_LINE))


def _clearest(
    at: np.ndarray, width: float, taken: list[_Box], frame: _Box
) -> tuple[_Box, tuple[str, float, float]]:
    """Choose the side where least is covered, and least lies outside the frame."""
    found = []
    for side, right, up in _SIDES:
        left = at[0] + right - width * _SHARE_LEFT[side]
        bottom = at[1] + up - _LINE / 2
        box = _Box(left, bottom, left + width, bottom + _LINE)
        outside = width * _LINE - box.overlap(frame)
        found.append((outside + sum(map(box.overlap, taken)), box, (side, right, up)))
    _, box, place = min(found, key=lambda choice: round(choice[0], 6))
    return box, place
