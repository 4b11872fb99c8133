"""The commands there are, and what holds for all of them."""

from __future__ import annotations

from typing import Annotated

import typer

from hybridml.cli import (
    advise,
    catalogue,
    compare,
    demo,
    export,
    extract,
    fit,
    fuse,
    predict,
    promote,
    serve,
    store,
    track,
    ui,
)
from hybridml.cli.help_text import examples, unwrap

_HELP = """Deep features with a shallow head, fine-tuning, and which of them wins.

Give it a folder of photos that holds one folder per class. It finds out
which way of reusing a pretrained network works best for them, and records
every run in MLflow.

\b
Exit codes:
  0    done
  1    something unexpected went wrong (--debug shows where)
  2    the command line cannot be understood
  3    the images or the labels cannot be used
  4    an unknown name (backbone, cut layer, head ...) or a wrong parameter
  5    weights are missing or do not fit; a model is damaged or not trusted
  6    an optional package is not installed, or too old
  130  interrupted
"""
_START, _MODELS, _LOOK = "Start here", "Models and features", "Look around"

app = typer.Typer(
    help=unwrap(_HELP),
    epilog=examples(
        ("hybridml demo", "a first look, on images that are already there"),
        ("hybridml compare photos", "which case wins on your own images?"),
        (
            "hybridml fuse --manifest pets.csv --target kind --image photo --text note",
            "are photos and texts together better than either alone?",
        ),
        ("hybridml ui", "see every run"),
    ),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        import hybridml

        typer.echo(f"hybridml {hybridml.__version__}")
        raise typer.Exit


@app.callback()
def _for_all_commands(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Say which it is."
        ),
    ] = False,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug",
            help="Show tracebacks and all warnings. May stand behind any command.",
        ),
    ] = False,
) -> None:
    pass  # --debug is taken out of the command line before it gets here


def _add(command: object, epilog: str, panel: str) -> None:
    text = unwrap(command.__doc__)
    app.command(help=text, epilog=epilog, rich_help_panel=panel)(command)  # type: ignore[type-var]


_add(demo.demo, demo.EXAMPLES, _START)
_add(advise.advise, advise.EXAMPLES, _START)
_add(compare.compare, compare.EXAMPLES, _START)
_add(fuse.fuse, fuse.EXAMPLES, _START)
_add(ui.ui, ui.EXAMPLES, _START)
_add(fit.fit, fit.EXAMPLES, _MODELS)
_add(predict.predict, predict.EXAMPLES, _MODELS)
_add(promote.promote, promote.EXAMPLES, _MODELS)
_add(serve.serve, serve.EXAMPLES, _MODELS)
_add(export.export, export.EXAMPLES, _MODELS)
_add(extract.extract, extract.EXAMPLES, _MODELS)
_add(catalogue.backbones, catalogue.BACKBONES_EXAMPLES, _LOOK)
_add(catalogue.layers, catalogue.LAYERS_EXAMPLES, _LOOK)
app.add_typer(store.app, name="store", rich_help_panel=_LOOK)
app.add_typer(track.app, name="track", rich_help_panel=_LOOK)
