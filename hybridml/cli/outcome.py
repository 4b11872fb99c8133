"""What is shown and kept of a comparison."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hybridml.cli import options
from hybridml.cli.leaderboard import (
    LEGEND,
    describe_cut,
    describe_missing,
    describe_passes,
    layer_curve,
    leaderboard,
)
from hybridml.cli.model_files import quieten_mlflow, save_fitted
from hybridml.cli.terminal import say, to_stderr, to_stdout

if TYPE_CHECKING:
    from hybridml.comparing.comparison import Comparison
    from hybridml.transfer import TransferComparison

_PLOTS = {".png", ".svg", ".pdf", ".jpg", ".jpeg"}


def show(comparison: TransferComparison, n_images: int, *, on_stderr: bool) -> None:
    """Print what was found, on stdout or stderr."""
    console = to_stderr() if on_stderr else to_stdout()
    console.print()
    console.print(leaderboard(comparison.table, comparison.scoring))
    console.print(f"{LEGEND}\n", style="dim")
    if comparison.layer_scores["cut_layer"].nunique() > 1:
        console.print(layer_curve(comparison.layer_scores))
        console.print(f"{describe_cut(comparison.layer_scores)}\n", markup=False)
    console.print(comparison.verdict, style="bold", markup=False)
    missing = describe_missing(comparison.table)
    work = _describe_work(comparison, n_images)
    for told in (*missing, *comparison.warnings, work):
        if told:
            console.print(told, markup=False)


def _describe_work(comparison: TransferComparison, n_images: int) -> str:
    """Say what was sent through the network, or that it was done before."""
    recalled = describe_recalled(comparison)
    return recalled or describe_passes(comparison.table, n_images)


def describe_recalled(comparison: Comparison) -> str:
    """Say how much an earlier run had done; nothing where that is nothing."""
    if not comparison.n_recalled:
        return ""
    n_all = len(comparison.fold_scores)
    return (
        f"{comparison.n_recalled} of {n_all} folds were known from an earlier run; "
        "--fresh computes them again."
    )


def keep(
    comparison: Comparison,
    save: Path | None,
    plot: Path | None,
    report: Path | None,
    *,
    data: str = "images",
    use: str = "hybridml predict {model} new_photos",
) -> None:
    """Write the picture, the report and the model that were asked for.

    Parameters
    ----------
    comparison : Comparison
    save, plot, report : Path or None
    data : str
        What the winner is fitted on.
    use : str
        How the model is used, with {model} for its file.
    """
    if plot is not None:
        comparison.plot(plot)
        say(f"Picture: {plot}")
    if report is not None:
        comparison.to_html(report)
        say(f"Report: {report}")
    if save is not None:
        say(f"Fitting the winner on all the {data} ...")
        save_fitted(comparison.best_estimator, save)
        say(f"Model: {save} ({use.format(model=str(save))})")


def register_where_asked(
    comparison: Comparison, name: str | None, uri: str | None, experiment: str
) -> None:
    """Register the winner under a name, if one was given, and say what it became."""
    if name is None or comparison.is_interrupted:
        return
    from hybridml.models import register_winner

    quieten_mlflow()
    say(f"Registering the winner as {name!r} ...")
    found = register_winner(comparison, name, tracking_uri=uri, experiment=experiment)
    say(f"{found.name} version {found.version} is the {found.alias}.")
    say(found.evidence.replace("**", ""))


def check_plot(path: Path | None) -> None:
    """Refuse a picture that could not be written, before the work."""
    options.check_can_be_written("--plot", path)
    if path is not None and path.suffix.lower() not in _PLOTS:
        known = ", ".join(sorted(_PLOTS))
        message = f"{str(path)!r} should end in one of {known}."
        raise typer.BadParameter(message, param_hint="--plot")
