"""``hybridml backbones`` and ``hybridml layers``: which networks, and where to cut."""

from __future__ import annotations

import json as json_format
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.table import Table

from hybridml.cli.help_text import examples
from hybridml.cli.terminal import to_stdout

if TYPE_CHECKING:
    import pandas as pd

BACKBONES_EXAMPLES = examples(
    ("hybridml backbones", "one name a line"),
    ("hybridml backbones 'resnet*'", "those of a family"),
    ("hybridml backbones --classics", "the networks of the textbooks"),
    ("hybridml layers resnet18", "where one of them can be cut"),
)
LAYERS_EXAMPLES = examples(
    ("hybridml layers efficientnet_lite0", "the default network"),
    ("hybridml layers resnet18 --json", "for a script"),
)


def backbones(
    pattern: Annotated[
        str | None,
        typer.Argument(
            help="Only names like this: 'resnet*'. 'timm:*' lists those of timm.",
            show_default=False,
        ),
    ] = None,
    classics: Annotated[
        bool, typer.Option("--classics", help="Only the networks of the textbooks.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="As a JSON list.")] = False,
) -> None:
    """List the networks that can be used, by name."""
    from hybridml.backbones import list_backbones
    from hybridml.backbones.classics import CLASSICS

    if classics:
        found = [c for c in CLASSICS if fnmatchcase(c.backbone, pattern or "*")]
        names = [c.backbone for c in found]
        lines = [f"{c.title:<16}{c.year}  {c.backbone}" for c in found]
    else:
        names = lines = list_backbones(pattern)
    typer.echo(json_format.dumps(names) if json else "\n".join(lines))


def layers(
    backbone: Annotated[
        str, typer.Argument(help="A name of hybridml backbones.", metavar="BACKBONE")
    ],
    image_size: Annotated[
        int | None,
        typer.Option(
            help="Side of the input in pixels. Default: that of the weights.",
            metavar="PIXELS",
            show_default=False,
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON records.")] = False,
) -> None:
    """List where a network can be cut: shape, number of features and cost up to there.

    'features' counts those of mean pooling; 'gmacs' are 10^9
    multiply-adds an image.
    """
    from hybridml.backbones import list_cut_layers

    table = list_cut_layers(backbone, image_size=image_size)
    if json:
        typer.echo(table.to_json(orient="records"))
    else:
        to_stdout().print(_lay_out(table))


def _lay_out(table: pd.DataFrame) -> Table:
    shown = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1))
    shown.add_column("cut layer", overflow="fold")
    shown.add_column("node", overflow="fold")
    for name in ("shape", "features", "gmacs"):
        shown.add_column(name, justify="right")
    for row in table.astype(object).to_dict("records"):
        cells = (row["name"], row["node"], _shape(row), f"{row['n_features']:,}")
        shown.add_row(*cells, f"{row['gmacs']:.3f}")
    return shown


def _shape(row: Mapping[Any, Any]) -> str:
    import pandas as pd

    sides = [row["channels"], row["height"], row["width"]]
    return " x ".join(str(side) for side in sides if not pd.isna(side))
