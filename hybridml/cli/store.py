"""``hybridml store``: what the feature store holds, its health, and making room."""

from __future__ import annotations

import json as json_format
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hybridml.cli.help_text import examples
from hybridml.cli.terminal import say

if TYPE_CHECKING:
    from hybridml.features import FeatureStore

_INFO_EXAMPLES = examples(
    ("hybridml store info", "the default store"),
    ("hybridml store info --store /data/features --json", "another one, for a script"),
)
_PRUNE_EXAMPLES = examples(
    ("hybridml store prune --max-bytes 2GiB", "what was used last stays")
)
_IMPORT_EXAMPLES = examples(
    ("hybridml extract photos -o rows --engine ray", "on many machines, then here:"),
    ("hybridml store import rows", "a search finds the features of these photos"),
)
_VERIFY_EXAMPLES = examples(
    ("hybridml store verify", "exits with 1 where rows are damaged"),
    ("hybridml store verify --repair", "drop those, so that they are computed again"),
)
_CLEAR_EXAMPLES = examples(("hybridml store clear --yes", "without a question"))
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12} | {
    f"{letter}i": 2 ** (10 * power) for power, letter in enumerate("kmgt", 1)
}

Folder = Annotated[
    Path | None,
    typer.Option(
        "--store",
        help="Folder of the store. Default: HYBRIDML_STORE, else one in your cache "
        "folder.",
        metavar="DIR",
        show_default=False,
    ),
]

app = typer.Typer(
    help="See what the feature store holds, check it, and make room.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


@app.command(epilog=_INFO_EXAMPLES)
def info(
    store: Folder = None,
    json: Annotated[bool, typer.Option("--json", help="As a JSON object.")] = False,
) -> None:
    """Say where the store is, how much it holds and what it has saved."""
    opened = _open(store)
    stats = opened.stats()
    _fail_if_unusable(opened)
    if json:
        typer.echo(json_format.dumps(stats))
        return
    size, limit = in_units(stats["bytes"]), in_units(stats["max_bytes"])
    typer.echo(
        f"folder            {stats['path']}\n"
        f"rows              {stats['rows']:,} (an image in one configuration each)\n"
        f"size              {size} of at most {limit}\n"
        f"found in it       {stats['hits']:,} rows\n"
        f"not found         {stats['misses']:,} rows\n"
        f"images forwarded  {stats['images_forwarded']:,}"
    )
    if stats["leftover_bytes"]:
        size = in_units(stats["leftover_bytes"])
        typer.echo(
            f"left over         {size} of an older format, or set aside as damaged; "
            "prune and clear remove it"
        )


@app.command("import", epilog=_IMPORT_EXAMPLES)
def import_dataset(
    dataset: Annotated[
        str,
        typer.Argument(
            help="Folder or URL that hybridml extract has written.", metavar="FOLDER"
        ),
    ],
    store: Folder = None,
) -> None:
    """Put the features of a dataset into the store: they are not computed again."""
    from hybridml.distributed import FeatureDataset

    opened = _open(store)
    n_rows = FeatureDataset(dataset).copy_to(opened)
    _fail_if_unusable(opened)
    say(f"{n_rows:,} rows are now in {opened.path}.")


@app.command(epilog=_VERIFY_EXAMPLES)
def verify(
    store: Folder = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Drop damaged rows, and no others.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="As a JSON object.")] = False,
) -> None:
    """Check every row against its checksums; exits with 1 where some are damaged."""
    opened = _open(store)
    found = opened.verify(repair=repair)
    left = opened.verify() if repair else found
    _fail_if_unusable(opened)
    is_sound = not (found["set_aside"] or _n_unsound(left))
    typer.echo(json_format.dumps(found) if json else _describe(found, is_sound))
    if not is_sound:
        raise typer.Exit(1)


@app.command(epilog=_PRUNE_EXAMPLES)
def prune(
    max_bytes: Annotated[
        str,
        typer.Option(
            help="Size to shrink to: a number, with KB, MB, GB or KiB, MiB, GiB.",
            metavar="SIZE",
            show_default=False,
        ),
    ],
    store: Folder = None,
) -> None:
    """Remove the rows that were unused for longest, until the rest fits."""
    limit = _parse_size(max_bytes)
    opened = _open(store)
    n_removed = opened.prune(limit)
    opened.remove_leftovers()
    left = opened.stats()
    _fail_if_unusable(opened)
    size = in_units(left["bytes"])
    say(f"Removed {n_removed:,} rows; {left['rows']:,} are left ({size}).")


@app.command(epilog=_CLEAR_EXAMPLES)
def clear(
    store: Folder = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
) -> None:
    """Remove all stored features; they are computed again when next needed."""
    opened = _open(store)
    stats = opened.stats()
    _fail_if_unusable(opened)
    if not yes:
        question = f"Remove all {stats['rows']:,} rows in {stats['path']}?"
        typer.confirm(question, abort=True, err=True)
    opened.clear()
    say(f"Removed {stats['rows']:,} rows from {stats['path']}.")


def in_units(n_bytes: int) -> str:
    """Say a number of bytes in the unit that suits it.

    Examples
    --------
    >>> in_units(512), in_units(3 * 2**20), in_units(20 * 2**30)
    ('512 B', '3.0 MiB', '20.0 GiB')
    """
    if n_bytes < 1024:
        return f"{n_bytes} B"
    size, unit = n_bytes / 1024, "KiB"
    for larger in ("MiB", "GiB", "TiB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{size:.1f} {unit}"


def _n_unsound(found: dict[str, int]) -> int:
    return sum(n for kind, n in found.items() if kind != "rows")


def _describe(found: dict[str, int], is_sound: bool) -> str:
    if found["set_aside"]:
        return "The file was damaged as a whole and was set aside: nothing is left."
    lines = [
        f"rows      {found['rows']:,}",
        f"damaged   {found['damaged']:,} (not as they were written)",
        f"unlisted  {found['unlisted']:,} (would never be evicted)",
        f"missing   {found['missing']:,} (listed, but not there)",
    ]
    if not is_sound:
        lines.append("Run it with --repair to drop what is damaged, and no more.")
    elif _n_unsound(found):
        lines.append("Dropped what was damaged: it is computed again when needed.")
    return "\n".join(lines)


def _fail_if_unusable(store: FeatureStore) -> None:
    """Leave with 1 rather than show an empty store; the warning has said why."""
    if store.problem is not None:
        raise typer.Exit(1)


def _parse_size(text: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?", text.strip().lower())
    if found is None or found[2] not in _UNITS:
        message = f"{text!r} is no size such as 500000000, 500MB or 2GiB."
        raise typer.BadParameter(message, param_hint="--max-bytes")
    return int(float(found[1]) * _UNITS[found[2]])


def _open(folder: Path | None) -> FeatureStore:
    from hybridml.features import FeatureStore, default_store_path

    return FeatureStore(folder or default_store_path())
