"""What the report rests on: the data with its warnings, the machine, the code."""

from __future__ import annotations

from hybridml.report.html.data import ReportData
from hybridml.report.html.markup import Html, join, tag
from hybridml.report.html.tables import make_definitions, scrolling


def show_data(data: ReportData) -> Html:
    """Show the facts about the data, below the warnings."""
    warnings = [tag("li", warning) for warning in data.warnings]
    return join(
        [
            tag("ul", *warnings, class_="warnings") if warnings else "",
            make_definitions(data.facts, kind="facts") if data.facts else "",
        ]
    )


def show_environment(data: ReportData) -> Html:
    """Show versions and machine."""
    if not data.environment:
        return Html()
    return make_definitions(data.environment, kind="facts")


def show_code(data: ReportData) -> Html:
    """Show the code that gives this report again."""
    if not data.reproduce.strip():
        return Html()
    code = tag("pre", tag("code", data.reproduce.strip("\n")))
    return scrolling(code, "Python code")
