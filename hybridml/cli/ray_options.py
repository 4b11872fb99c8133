"""The options of what can run on a Ray cluster: declared once, worded once."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hybridml.cli.options import given

PANEL = "On many machines, with Ray"

Engine = Annotated[
    str,
    typer.Option(help="'local' or 'ray'.", rich_help_panel=PANEL, metavar="NAME"),
]
Address = Annotated[
    str | None,
    typer.Option(
        help="Of the cluster: HEAD:6379, or 'auto'. Default: RAY_ADDRESS, else Ray "
        "is started on this machine alone.",
        rich_help_panel=PANEL,
        metavar="WHERE",
        show_default=False,
    ),
]
CpusPerWorker = Annotated[
    int | None,
    typer.Option(
        help="Cores of each worker. Default: 1.",
        rich_help_panel=PANEL,
        metavar="N",
        show_default=False,
    ),
]
GpusPerWorker = Annotated[
    float | None,
    typer.Option(
        help="GPUs of each worker; 0.5 lets two share one. Default: 0.",
        rich_help_panel=PANEL,
        metavar="N",
        show_default=False,
    ),
]


def engine_parameters(engine: str, **on_ray: Any) -> dict[str, Any]:
    """Turn the options into parameters, those of them that were given.

    Raises
    ------
    BadParameter
        If there is no such engine, or options of Ray's go without it.
    """
    if engine not in ("local", "ray"):
        message = f"{engine!r} is neither 'local' nor 'ray'."
        raise typer.BadParameter(message, param_hint="--engine")
    found = given(**on_ray)
    if engine == "local" and found:
        message = "--address, --workers, --cpus-per-worker and --gpus-per-worker go "
        raise typer.BadParameter(message + "with --engine ray.")
    return {} if engine == "local" else {"engine": engine, **found}
