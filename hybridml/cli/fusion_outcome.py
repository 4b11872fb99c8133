"""What is shown of a comparison of fusions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hybridml.cli.leaderboard import (
    add_measured,
    describe_missing,
    measured,
    start_leaderboard,
)
from hybridml.cli.outcome import describe_recalled
from hybridml.cli.terminal import to_stderr, to_stdout

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from hybridml.fusion.comparing.comparison import FusionComparison

LEGEND = (
    "95 %: where the score lies, as far as the folds can tell. p: that the winner is\n"
    "no better. fit s: seconds a fold. ms/row: milliseconds to predict a row."
)
_NO_NETWORK = "No image or sound went through a network: all features were stored."


def show_fusion(
    comparison: FusionComparison, *, has_network: bool, on_stderr: bool
) -> None:
    """Print what was found, on stdout or stderr."""
    console = to_stderr() if on_stderr else to_stdout()
    console.print()
    console.print(fusion_leaderboard(comparison.table, comparison.scoring))
    console.print(f"{LEGEND}\n", style="dim")
    console.print(comparison.verdict, style="bold", markup=False)
    work = describe_recalled(comparison)
    if not work and has_network:
        work = describe_passes(comparison.table)
    told: Sequence[str] = (
        *describe_missing(comparison.table),
        *comparison.warnings,
        work,
    )
    for line in filter(None, told):
        console.print(line, markup=False)


def fusion_leaderboard(table: pd.DataFrame, scoring: str) -> Table:
    """Lay the rows of a comparison out, the best first and in bold."""
    shown = start_leaderboard(table, scoring)
    shown.add_column("what is fused, and how")
    shown.add_column("head")
    add_measured(shown, per="row")
    for i, row in enumerate(table.to_dict("records")):
        is_guess = row["kind"] == "baseline"
        shown.add_row(
            "guessing" if is_guess else row["candidate"],
            row["head"],
            *measured(row),
            style="bold" if i == 0 else "",
        )
    return shown


def describe_passes(table: pd.DataFrame) -> str:
    """Say how many images and sounds went through networks."""
    n_passes = int(table["images_forwarded"].sum())
    if not n_passes:
        return _NO_NETWORK
    return f"{n_passes:,} times an image or a sound went through a network."
