"""The options that comparisons share: declared once, worded once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

WHAT, RESULTS = "What is compared", "Results"

Cv = Annotated[
    int | None,
    typer.Option(
        help="Folds of a cross-validation, stratified for classes. Default: the data's "
        "own train and val (else test) split, as given; 5 where there is none.",
        rich_help_panel=WHAT,
        metavar="N",
        show_default=False,
    ),
]
Scoring = Annotated[
    str | None,
    typer.Option(
        help="Any of scikit-learn's scores, such as balanced_accuracy or f1_macro. "
        "Default: accuracy, or r2 for a regression.",
        rich_help_panel=WHAT,
        metavar="NAME",
        show_default=False,
    ),
]
Plot = Annotated[
    Path | None,
    typer.Option(
        help="Draw the scores (.png, .svg, .pdf or .jpg).",
        rich_help_panel=RESULTS,
        metavar="FILE",
        show_default=False,
    ),
]
Report = Annotated[
    Path | None,
    typer.Option(
        help="Write all that was found into one HTML file.",
        rich_help_panel=RESULTS,
        metavar="FILE",
        show_default=False,
    ),
]
Json = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print one JSON object on stdout: 'table' (the rows, best first), "
        "'winner' and more. All else goes to stderr.",
        rich_help_panel=RESULTS,
    ),
]
Register = Annotated[
    str | None,
    typer.Option(
        help="Register the winner in MLflow under this name: as the champion if it "
        "beats the one there is, on the same folds; else as the challenger.",
        rich_help_panel=RESULTS,
        metavar="NAME",
        show_default=False,
    ),
]
Fresh = Annotated[
    bool,
    typer.Option(
        "--fresh",
        help="Compute again what an earlier run has finished. Stored features are "
        "used all the same.",
        rich_help_panel="How the work is done",
    ),
]


def time_limit(minutes: float | None) -> dict[str, float | None]:
    """Turn --time-budget into the parameter `time_budget_s`, if it was given.

    Examples
    --------
    >>> time_limit(2), time_limit(0), time_limit(None)
    ({'time_budget_s': 120}, {'time_budget_s': None}, {})
    """
    if minutes is None:
        return {}
    return {"time_budget_s": 60 * minutes if minutes else None}


def say_limit(minutes: float | None, default: float) -> str:
    """Say how long it may take.

    Examples
    --------
    >>> say_limit(0, 20), say_limit(None, 20)
    ('without a time limit', 'in about 20 minutes')
    """
    limit = default if minutes is None else minutes
    return f"in about {limit:g} minutes" if limit else "without a time limit"
