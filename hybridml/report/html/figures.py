"""Pictures of a report, with what they show in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridml.report.html.markup import Html, tag
from hybridml.report.html.tables import scrolling
from hybridml.report.svg import to_svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def make_figure(drawn: Figure, *, name: str, alt: str, caption: str = "") -> Html:
    """Embed a picture.

    Parameters
    ----------
    drawn : matplotlib Figure
    name : str
        The only one of its kind in the document: its ids begin with it.
    alt : str
        What it shows, for those who do not see it.
    caption : str, default=""
        What helps everybody to read it.

    Returns
    -------
    figure : Html
    """
    picture = scrolling(Html(to_svg(drawn, name=name, alt=alt)), alt)
    return tag("figure", picture, tag("figcaption", caption) if caption else "")


def side_by_side(*figures: Html) -> Html:
    """Put pictures beside one another where the page is wide enough."""
    return tag("div", *figures, class_="pair") if any(figures) else Html()
