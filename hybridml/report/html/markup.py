"""Text that is HTML already, and elements made of it: all other text is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

_EMPTY = {"col", "img", "meta"}


class Html(str):
    """Text that is HTML already, and therefore not escaped again."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: str | bool) -> Html:
    """Make an element; children and attributes that are plain text are escaped.

    Parameters
    ----------
    name : str
    *children : str or Html
        Empty ones leave no trace.
    **attributes : str or bool
        ``class_`` stands for ``class`` and ``aria_label`` for ``aria-label``; what is
        False is left out.

    Returns
    -------
    element : Html

    Examples
    --------
    >>> tag("p", "1 < 2", tag("b", "!"), class_="note")
    '<p class="note">1 &lt; 2<b>!</b></p>'
    """
    shown = "".join(
        f" {key.rstrip('_').replace('_', '-')}"
        + ("" if value is True else f'="{_encodable(escape(value))}"')
        for key, value in attributes.items()
        if not isinstance(value, bool) or value
    )
    if name in _EMPTY:
        return Html(f"<{name}{shown}>")
    return Html(f"<{name}{shown}>{join(children)}</{name}>")


def join(parts: Iterable[str], between: str = "") -> Html:
    """Put parts side by side, escaping those that are plain text.

    Examples
    --------
    >>> join(["a & b", Html("<br>")])
    'a &amp; b<br>'
    """
    return Html(between.join(_as_html(part) for part in parts if part))


def _as_html(part: str) -> str:
    return part if isinstance(part, Html) else _encodable(escape(part))


def _encodable(text: str) -> str:
    """Show what no HTML file can hold (file names may): control and half characters."""
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]", "\ufffd", text)
