"""A figure as an SVG element that can stand among others in one HTML document."""

from __future__ import annotations

import re
from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any

from hybridml.report.style import (
    ACCENT,
    CELL,
    GUIDE,
    LINES,
    OTHERS,
    PAPER,
    QUIET,
    TEXT,
    take_as_written,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "hybridml",
    "text.parse_math": False,
}
_NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))
_PIXELS_A_POINT = 96 / 72
_VARIABLES = {
    TEXT: "ink",
    "#000000": "ink",  # what the colour was not said of, such as ticks
    QUIET: "quiet",
    GUIDE: "guide",
    PAPER: "paper",
    OTHERS: "others",
    CELL: "cell",
    ACCENT: "accent",
    **{colour: f"line-{i}" for i, colour in enumerate(LINES) if i},
}
_NOT_DRAWN = re.compile(
    r"<metadata>.*?</metadata>|<!--.*?-->|<defs>\s*<style.*?</style>\s*</defs>",
    re.DOTALL,
)
# What the style that is left out says, of this picture alone.
_STROKES = "stroke-linejoin: round; stroke-linecap: butt"
_REFERENCE = re.compile(r"url\(#([^)]+)\)|href=\"#([^\"]+)\"")


def to_svg(figure: Figure, *, name: str, alt: str) -> str:
    """Give a figure as SVG whose text is text, and whose colours the page decides.

    Its colours are custom properties of CSS (``var(--ink, #222222)``), so that a dark
    page can change them; its font is that of the page.

    Parameters
    ----------
    figure : matplotlib Figure
    name : str
        Begins the ids in it; no two pictures of a document may have the same.
    alt : str
        What the picture shows, for those who do not see it.

    Returns
    -------
    svg : str
        The same for the same figure, byte for byte.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> svg = to_svg(Figure(figsize=(3, 2)), name="empty", alt="nothing at all")
    >>> svg[:54]
    '<svg role="img" aria-label="nothing at all" viewBox="0'
    """
    import matplotlib as mpl

    written = StringIO()
    with mpl.rc_context(_SETTINGS):
        take_as_written(figure).savefig(
            written, format="svg", transparent=True, metadata=_NO_METADATA
        )
    drawn = written.getvalue()
    body = drawn[drawn.index(">", drawn.index("<svg")) + 1 :].strip()
    body = _NOT_DRAWN.sub("", body)
    body = _with_own_ids(body.replace("xlink:href", "href"), name)
    body = _with_colours_of_the_page(body)
    return f"{_opening(figure, alt)}{_without_gaps(body)}"


def _opening(figure: Figure, alt: str) -> str:
    width, height = (72 * float(side) for side in figure.get_size_inches())
    shown = round(width * _PIXELS_A_POINT)
    return (
        f'<svg role="img" aria-label="{escape(alt)}" '
        f'viewBox="0 0 {width:g} {height:g}" style="--width: {shown}px; {_STROKES}">'
    )


def _with_own_ids(body: str, name: str) -> str:
    """Keep only the ids that something in the picture refers to, under its name."""
    used = {one or other for one, other in _REFERENCE.findall(body)}

    def renamed(match: re.Match[str]) -> str:
        return f' id="{name}-{match[1]}"' if match[1] in used else ""

    body = re.sub(r' id="([^"]*)"', renamed, body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", body)
    return re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', body)


def _with_colours_of_the_page(body: str) -> str:
    for colour, variable in _VARIABLES.items():
        body = body.replace(f": {colour}", f": var(--{variable}, {colour})")
    return re.sub(r"'DejaVu Sans'[^;\"]*", "var(--sans, sans-serif)", body)


def _without_gaps(body: str) -> str:
    return re.sub(r">\s+<", "><", body).replace("\n", " ")
