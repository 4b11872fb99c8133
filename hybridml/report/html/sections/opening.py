"""The top of the report: the verdict in words, and the winner in four numbers."""

from __future__ import annotations

from collections.abc import Mapping

from hybridml.report.html.data import ReportData
from hybridml.report.html.markup import Html, tag
from hybridml.report.html.numbers import (
    NOTHING,
    digits_text,
    score_text,
    seconds_text,
)


def show_opening(data: ReportData, contents: Mapping[str, str]) -> Html:
    """Show title, verdict, key figures, and the contents as links.

    Parameters
    ----------
    data : ReportData
    contents : mapping of {str: str}
        Headings of the sections, by their id.

    Returns
    -------
    header : Html
    """
    links = [
        tag("li", tag("a", heading, href=f"#{name}"))
        for name, heading in contents.items()
    ]
    return tag(
        "header",
        tag("p", tag("time", data.created, datetime=data.created), class_="date"),
        tag("h1", data.title),
        tag("p", data.verdict, class_="verdict"),
        _show_key_figures(data),
        _point_to_warnings(data),
        tag("nav", tag("ul", *links), aria_label="Contents"),
    )


def _show_key_figures(data: ReportData) -> Html:
    """Show the winner's score, and what it costs as far as that is known."""
    winner = data.leaderboard.iloc[0]
    figures = {
        data.scoring.replace("_", " "): score_text(winner["score"]),
        f"to predict {data.one}": digits_text(winner.get("predict_ms_per_image"), "ms"),
        "to train": seconds_text(winner.get("fit_time_s")),
        "the size of the model": digits_text(winner.get("model_mb"), "MB"),
    }
    known = {name: text for name, text in figures.items() if text != NOTHING}
    low, high = (score_text(winner.get(name)) for name in ("score_low", "score_high"))
    has_interval = NOTHING not in (low, high)
    notes = [f"95 % interval {low} to {high}"] if has_interval else []
    entries = [
        tag("div", tag("dt", name), tag("dd", text), *(tag("dd", n) for n in notes[i:]))
        for i, (name, text) in enumerate(known.items())
    ]
    return tag("dl", *entries, class_="key-figures")


def _point_to_warnings(data: ReportData) -> Html:
    n_warnings = len(data.warnings)
    if not n_warnings:
        return Html()
    said = "One warning" if n_warnings == 1 else f"{n_warnings} warnings"
    link = tag("a", f"{said} about the data", href="#data")
    return tag("p", link, class_="warning")
