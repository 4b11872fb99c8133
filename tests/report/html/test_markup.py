"""Text is escaped once and only once."""

from __future__ import annotations

from hybridml.report.html.markup import Html, join, tag


def test_elements_within_elements_are_escaped_once() -> None:
    inner = tag("b", "1 < 2 & 'x'")
    assert tag("p", inner, "<") == "<p><b>1 &lt; 2 &amp; &#x27;x&#x27;</b>&lt;</p>"


def test_attributes_are_escaped_and_may_be_left_out() -> None:
    made = tag("a", href='"><script>', class_=False, hidden=True, aria_label="x")
    assert made == '<a href="&quot;&gt;&lt;script&gt;" hidden aria-label="x"></a>'


def test_elements_that_hold_nothing_are_not_closed() -> None:
    assert tag("img", src="data:,") == '<img src="data:,">'


def test_parts_that_are_empty_leave_no_trace() -> None:
    assert join(["", Html(), "a", "b"], ", ") == "a, b"
