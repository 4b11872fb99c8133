"""The images about which the winner was most confidently wrong."""

from __future__ import annotations

import base64

from hybridml.report.html.data import Mistake, ReportData
from hybridml.report.html.markup import Html, join, tag
from hybridml.report.html.numbers import is_known, share_text


def show_mistakes(data: ReportData) -> Html:
    """Show a grid of thumbnails, each with what it is and what was said."""
    if not data.mistakes:
        return Html()
    said = (
        "The largest errors."
        if data.task == "regression"
        else "The surest of the wrong predictions: often the label is what is wrong."
    )
    said_as = "predicted" if data.task == "regression" else "taken for"
    images = [_show_one(mistake, said_as) for mistake in data.mistakes]
    return join([tag("p", said), tag("ul", *images, class_="gallery")])


def _show_one(mistake: Mistake, said_as: str) -> Html:
    source = f"data:image/jpeg;base64,{base64.b64encode(mistake.picture).decode()}"
    said = f"{said_as} {mistake.predicted}"
    alt = f"{mistake.caption}: {mistake.truth}, {said}"
    if is_known(mistake.confidence):
        said += f", {share_text(mistake.confidence)}\N{NO-BREAK SPACE}sure"
    caption = tag(
        "figcaption",
        tag("span", mistake.truth, class_="truth"),
        tag("span", said, class_="predicted"),
        tag("span", mistake.caption, class_="detail"),
    )
    return tag("li", tag("figure", tag("img", src=source, alt=alt), caption))
