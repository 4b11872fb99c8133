"""The report as one HTML document: its sections in order, and how it is written."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from hybridml._checks import describe
from hybridml.exceptions import InvalidParameterError
from hybridml.report.html.data import ReportData
from hybridml.report.html.markup import Html, join, tag
from hybridml.report.html.sections.background import (
    show_code,
    show_data,
    show_environment,
)
from hybridml.report.html.sections.cost import show_cost
from hybridml.report.html.sections.differences import show_differences
from hybridml.report.html.sections.fusion import show_fusion
from hybridml.report.html.sections.layers import show_layers
from hybridml.report.html.sections.leaderboard import show_leaderboard
from hybridml.report.html.sections.learning_curves import show_learning_curves
from hybridml.report.html.sections.mistakes import show_mistakes
from hybridml.report.html.sections.opening import show_opening
from hybridml.report.html.sections.predictions import show_predictions

# In the order of the page: id, heading, and what shows it.
_SECTIONS: tuple[tuple[str, str, Callable[[ReportData], Html]], ...] = (
    ("leaderboard", "Leaderboard", show_leaderboard),
    ("fusion", "What fusing gains", show_fusion),
    ("differences", "Does the winner really win?", show_differences),
    ("cost", "Cost against score", show_cost),
    ("layers", "Where to cut", show_layers),
    ("curves", "Learning curves", show_learning_curves),
    ("predictions", "Predictions of the winner", show_predictions),
    ("mistakes", "The worst mistakes", show_mistakes),
    ("data", "The data", show_data),
    ("environment", "Environment", show_environment),
    ("reproduce", "Do it again", show_code),
)
# Nothing may be loaded or run, whatever a class or file is called.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def to_html_text(data: ReportData) -> str:
    """Make the report as the text of an HTML document that needs no other file.

    Parameters
    ----------
    data : ReportData

    Returns
    -------
    text : str
        The same for the same data.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"candidate": ["case 1 (resnet18)"], "score": [0.9]})
    >>> data = ReportData(
    ...     title="Cats and dogs", verdict="Case 1 wins.", created="2026-01-31",
    ...     scoring="accuracy", task="classification", leaderboard=rows,
    ... )
    >>> to_html_text(data).splitlines()[0]
    '<!DOCTYPE html>'
    """
    shown = [(name, heading, show(data)) for name, heading, show in _SECTIONS]
    shown = [section for section in shown if section[2]]
    contents = {name: heading for name, heading, _ in shown}
    sections = [_make_section(*section) for section in shown]
    page = tag(
        "html",
        "\n",
        _head(data.title),
        "\n",
        tag(
            "body",
            show_opening(data, contents),
            tag("main", "\n", join(sections, "\n"), "\n"),
            tag("footer", tag("p", f"Made by hybridml, {data.created}.")),
        ),
        lang="en",
    )
    return f"<!DOCTYPE html>\n{page}\n"


def write_html(data: ReportData, path: str | Path) -> Path:
    """Write the report as one HTML file, which gets its name when it is complete.

    Parameters
    ----------
    data : ReportData
    path : str or Path
        A file that is there is replaced.

    Returns
    -------
    path : Path

    Raises
    ------
    InvalidParameterError
        If the folder does not exist, or the path is that of a folder.
    """
    target = Path(path).expanduser()
    if target.is_dir():
        expected = "a file, such as report.html"
        raise InvalidParameterError(describe("path", str(path), expected))
    if not target.parent.is_dir():
        cure = f"Make {str(target.parent)!r} first."
        expected = "a file in a folder that exists"
        raise InvalidParameterError(describe("path", str(path), expected, cure))
    text = to_html_text(data)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        unfinished.write_text(text, encoding="utf-8", newline="\n")
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return target


def _head(title: str) -> Html:
    style = files("hybridml.report.html").joinpath("page.css").read_text("utf-8")
    viewport = "width=device-width, initial-scale=1"
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content=viewport),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", Html(style)),
    )


def _make_section(name: str, heading: str, content: Html) -> Html:
    title = tag("h2", heading, id=f"{name}-title")
    return tag("section", title, content, id=name, aria_labelledby=f"{name}-title")
