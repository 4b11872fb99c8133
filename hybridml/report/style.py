"""The colours of all the pictures, and how their axes are dressed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACCENT, OTHERS = "#1b6ca8", "#8a99a6"
TEXT, QUIET, GUIDE, PAPER = "#222222", "#6b7680", "#e6eaed", "#ffffff"
WRONG, CELL = "#d1495b", "#2b7bb9"
LINES = (ACCENT, WRONG, "#d99a1c", "#3a7d44", "#7a5195")
_LONGEST_NAME = 27


def make_figure(width_inches: float, height_inches: float) -> tuple[Figure, Axes]:
    """Make a figure of one panel, without pyplot: nothing has to be closed."""
    from matplotlib.figure import Figure

    figure = Figure(
        figsize=(width_inches, height_inches), dpi=150, layout="constrained"
    )
    return figure, figure.add_subplot()


def dress(axes: Axes, title: str = "") -> None:
    """Give axes the look that they all have."""
    if title:
        axes.set_title(title, loc="left", color=TEXT, fontsize=10.5, weight="bold")
    axes.tick_params(colors=QUIET, labelsize=8)
    axes.xaxis.label.set(color=TEXT, fontsize=9)
    axes.yaxis.label.set(color=TEXT, fontsize=9)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(OTHERS)


def shorten(name: str, longest: int = _LONGEST_NAME) -> str:
    """Keep both ends of a long name.

    Examples
    --------
    >>> shorten("features.denseblock4.denselayer16.conv2")
    'features.dens…layer16.conv2'
    """
    half = (longest - 1) // 2
    return name if len(name) <= longest else f"{name[:half]}…{name[-half:]}"


def take_as_written(figure: Figure) -> Figure:
    """Take no text for a formula: names may hold dollar signs."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        if isinstance(text, Text):
            text.set_parse_math(False)
    return figure
