"""Tables and lists of definitions that can be read on a phone and aloud."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hybridml.report.html.markup import Html, join, tag


def make_table(
    caption: str,
    headings: Mapping[str, str],
    rows: Iterable[Sequence[str]],
    *,
    marked: int = 0,
    is_compact: bool = False,
) -> Html:
    """Make a table that scrolls by itself where the page is narrow.

    Parameters
    ----------
    caption : str
    headings : mapping of {str: str}
        Heading of each column, and its class in CSS: "number", or "".
    rows : iterable of sequences of str or Html
        The first cell of each names it.
    marked : int, default=0
        How many rows, from the top, are emphasised.
    is_compact : bool, default=False
        Whether it keeps to the width that it needs.

    Returns
    -------
    table : Html

    Examples
    --------
    >>> table = make_table("Ages", {"name": "", "age": "number"}, [["Ada", "36"]])
    >>> table[table.index("<tbody>") + 7 : table.index("</tbody>")]
    '<tr><th scope="row">Ada</th><td class="number">36</td></tr>'
    """
    kinds = list(headings.values())
    head = [
        tag("th", name, scope="col", class_=kind or False)
        for name, kind in headings.items()
    ]
    body = [
        tag("tr", _cells(row, kinds), class_="marked" if i < marked else False)
        for i, row in enumerate(rows)
    ]
    table = tag(
        "table",
        tag("caption", tag("span", caption)),
        tag("thead", tag("tr", *head)),
        tag("tbody", *body),
    )
    return scrolling(table, caption, kind="scroll compact" if is_compact else "scroll")


def scrolling(content: Html, label: str, *, kind: str = "scroll") -> Html:
    """Let wide content scroll inside the page; the keyboard can reach it."""
    return tag(
        "div", content, class_=kind, role="region", tabindex="0", aria_label=label
    )


def make_definitions(pairs: Mapping[str, str], *, kind: str) -> Html:
    """Make a list of names with their values.

    Examples
    --------
    >>> make_definitions({"images": "800"}, kind="facts")
    '<dl class="facts"><div><dt>images</dt><dd>800</dd></div></dl>'
    """
    entries = [
        tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs.items()
    ]
    return tag("dl", *entries, class_=kind)


def _cells(row: Sequence[str], kinds: Sequence[str]) -> Html:
    first, *others = row
    cells = [tag("th", first, scope="row", class_=kinds[0] or False)]
    for cell, kind in zip(others, kinds[1:], strict=True):
        cells.append(tag("td", cell, class_=kind or False))
    return join(cells)
