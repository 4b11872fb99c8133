"""``hybridml track``: what a lost tracking server has missed, and sending it."""

from __future__ import annotations

import json as json_format
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hybridml.cli import options
from hybridml.cli.help_text import examples
from hybridml.cli.terminal import say

_LIST_EXAMPLES = examples(
    ("hybridml track list", "what waits on this machine"),
    ("hybridml track list --json", "the same, for a script"),
)
_REPLAY_EXAMPLES = examples(
    ("hybridml track replay", "all that waits, each to the store it was meant for"),
    ("hybridml track replay FOLDER", "the journal that a warning named"),
    (
        "hybridml track replay FOLDER --tracking-uri http://10.0.0.7:5000",
        "to a server that has moved, or to another one",
    ),
)

app = typer.Typer(
    help="See what a lost tracking server has missed, and send it.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


@app.command(name="list", epilog=_LIST_EXAMPLES)
def list_(
    json: Annotated[bool, typer.Option("--json", help="As a JSON array.")] = False,
) -> None:
    """List the journals of runs that their MLflow store has not got."""
    from hybridml.tracking import list_journals

    waiting = list_journals()
    if json:
        typer.echo(
            json_format.dumps([asdict(journal) for journal in waiting], default=str)
        )
        return
    if not waiting:
        say("Nothing waits.")
    for journal in waiting:
        began = time.strftime("%Y-%m-%d %H:%M", time.localtime(journal.began_s))
        state = ", still being written" if journal.is_in_use else ""
        typer.echo(
            f"{journal.path}\n"
            f"  {journal.n_records:,} records since {began}{state}, for "
            f"{journal.tracking_uri}, experiment {journal.experiment!r}"
        )


@app.command(epilog=_REPLAY_EXAMPLES)
def replay(
    journal: Annotated[
        Path | None,
        typer.Argument(
            metavar="[JOURNAL]",
            help="Folder that the warning named. Default: all that wait.",
            show_default=False,
        ),
    ] = None,
    tracking_uri: options.TrackingUri = None,
) -> None:
    """Send journals to their MLflow store, and remove what has arrived."""
    from hybridml.tracking import list_journals

    if journal is not None:
        _replay(journal, tracking_uri)
        return
    waiting = [found for found in list_journals() if not found.is_in_use]
    if not waiting:
        say("Nothing waits.")
    for found in waiting:
        _replay(found.path, tracking_uri)


def _replay(path: Path, tracking_uri: str | None) -> None:
    from hybridml.tracking import replay_journal

    say(f"Sending {path} ...")
    done = replay_journal(path, tracking_uri)
    for reason in done.refused:
        say(f"Refused: {reason}", style="yellow")
    say(f"{done.n_records:,} records are at {done.tracking_uri} now.")
