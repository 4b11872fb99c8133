"""The picture of what augmentation does: photos as they are beside views of each."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TEXT, _QUIET, _GUIDE = "#222222", "#6b7680", "#c9d0d6"
# All in inches, from the top left corner.
_MARGIN, _PHOTO, _GAP, _APART, _NARROWEST = 0.22, 1.45, 0.06, 0.34, 4.6
_TITLE, _LINE, _HEADER = 0.34, 0.19, 0.36
_LETTER = 0.074
_MOST_LINES = 5


def plot_views(
    originals: npt.NDArray[np.uint8],
    views: npt.NDArray[np.uint8],
    *,
    title: str,
    details: str = "",
) -> Figure:
    """Draw each photo on the left, and its views in a row beside it.

    Parameters
    ----------
    originals : ndarray of shape (n_images, side, side, 1 or 3), uint8
    views : ndarray of shape (n_images, n_views, side, side, 1 or 3), uint8
    title : str
    details : str, default=""
        What is said below the title, in smaller letters; it is wrapped.

    Returns
    -------
    figure : matplotlib Figure
        Made without pyplot: nothing has to be closed.

    Examples
    --------
    >>> photos = np.zeros((2, 8, 8, 3), dtype=np.uint8)
    >>> views = np.zeros((2, 5, 8, 8, 3), dtype=np.uint8)
    >>> len(plot_views(photos, views, title="strong").axes)
    12
    """
    n_images, n_views = views.shape[:2]
    lefts = [
        _MARGIN + i * (_PHOTO + _GAP) + _APART * (i > 0) for i in range(n_views + 1)
    ]
    width = max(_NARROWEST, lefts[-1] + _PHOTO + _MARGIN)
    letters = int((width - 2 * _MARGIN) / _LETTER)
    lines = textwrap.wrap(details, letters, max_lines=_MOST_LINES, placeholder=" …")
    header = _MARGIN + _TITLE + _LINE * len(lines)
    tops = [header + _HEADER + i * (_PHOTO + _GAP) for i in range(n_images)]
    figure = _make_figure(width, tops[-1] + _PHOTO + _MARGIN)
    _write(figure, _MARGIN, _MARGIN, title, color=_TEXT, size=13, weight="bold")
    for i, line in enumerate(lines):
        top = _MARGIN + _TITLE + i * _LINE
        _write(figure, _MARGIN, top, line, color=_QUIET, size=9)
    shown = "as training sees it"
    for left, name in ((lefts[0], "the photo"), (lefts[1], shown)):
        top = header + 0.13
        _write(figure, left, top, name, color=_TEXT, size=9, weight="bold")
    _draw_line(figure, lefts[1] - _APART / 2 - _GAP / 2, tops[0], tops[-1] + _PHOTO)
    for top, original, row in zip(tops, originals, views, strict=True):
        for left, photo in zip(lefts, [original, *row], strict=True):
            _draw_photo(figure, left, top, photo)
    return figure


def _make_figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=150)


def _write(figure: Figure, left: float, top: float, text: str, **look: Any) -> None:
    width, height = figure.get_size_inches()
    figure.text(left / width, 1 - top / height, text, ha="left", va="top", **look)


def _draw_photo(
    figure: Figure, left: float, top: float, photo: npt.NDArray[np.uint8]
) -> None:
    width, height = figure.get_size_inches()
    corner = (left / width, 1 - (top + _PHOTO) / height)
    axes = figure.add_axes((*corner, _PHOTO / width, _PHOTO / height))
    shown = photo[:, :, 0] if photo.shape[2] == 1 else photo
    axes.imshow(shown, cmap="gray", vmin=0, vmax=255)
    axes.set_axis_off()


def _draw_line(figure: Figure, left: float, top: float, bottom: float) -> None:
    from matplotlib.lines import Line2D

    width, height = figure.get_size_inches()
    ends = [left / width] * 2, [1 - top / height, 1 - bottom / height]
    figure.add_artist(Line2D(*ends, color=_GUIDE, linewidth=1))
