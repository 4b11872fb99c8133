"""How a candidate is named in a table."""

from __future__ import annotations

from hybridml.report.html.markup import Html, join, tag


def show_candidate(name: str, badge: str = "") -> Html:
    """Name a candidate in two lines: what it is, and of what it is made.

    Examples
    --------
    >>> show_candidate("case 1 (resnet18, layer3)")
    '<span class="name">case 1</span><span class="detail">resnet18, layer3</span>'
    """
    title, bracket, rest = name.partition(" (")
    detail = rest.removesuffix(")") if bracket else ""
    return join(
        [
            tag("span", title, class_="name"),
            badge,
            tag("span", detail, class_="detail") if detail else "",
        ]
    )
