"""The options that several commands share: declared once, worded once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

_IMAGES, _NETWORK = "Which images", "Network and features"
_WORK, _TRACKING = "How the work is done", "Where runs are recorded"

Folder = Annotated[
    Path | None,
    typer.Argument(
        metavar="FOLDER",
        help="Holds one folder per class, or train, val and test folders of such.",
        show_default=False,
    ),
]
Manifest = Annotated[
    Path | None,
    typer.Option(
        help="Instead of FOLDER: a .csv, .tsv or .parquet table with a column of image "
        "files and a column of labels.",
        rich_help_panel=_IMAGES,
        metavar="FILE",
        show_default=False,
    ),
]
ImageColumn = Annotated[
    str | None,
    typer.Option(
        "--image",
        help="Column of the image files; found by itself where only one can be.",
        rich_help_panel=_IMAGES,
        metavar="COL",
        show_default=False,
    ),
]
TargetColumn = Annotated[
    str | None,
    typer.Option(
        "--target",
        help="Column of the labels; needed where more than one is left.",
        rich_help_panel=_IMAGES,
        metavar="COL",
        show_default=False,
    ),
]
SplitColumn = Annotated[
    str | None,
    typer.Option(
        "--split",
        help="Column that says train, val or test. Default: 'split', if there is one.",
        rich_help_panel=_IMAGES,
        metavar="COL",
        show_default=False,
    ),
]
Backbone = Annotated[
    str | None,
    typer.Option(
        help="Which network; all names: hybridml backbones. Default: "
        "efficientnet_lite0, whose weights are installed already.",
        rich_help_panel=_NETWORK,
        metavar="NAME",
        show_default=False,
    ),
]
Task = Annotated[
    str | None,
    typer.Option(
        help="'classification' or 'regression'. Default: told from the targets; whole "
        "numbers, such as counts, are taken for classes.",
        metavar="WHAT",
        show_default=False,
    ),
]
Weights = Annotated[
    str | None,
    typer.Option(
        help="'default' (the published ones), the name of others, a .pth or "
        ".safetensors file, a URL, or 'none' for random ones.",
        rich_help_panel=_NETWORK,
        metavar="WHICH",
        show_default=False,
    ),
]
ImageSize = Annotated[
    int | None,
    typer.Option(
        help="Side of the network's input in pixels. Default: that of the weights.",
        rich_help_panel=_NETWORK,
        metavar="PIXELS",
        show_default=False,
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option(
        help="Cases 2 to 4. Default: 5 from pretrained weights, 20 from scratch.",
        rich_help_panel=_NETWORK,
        metavar="N",
        show_default=False,
    ),
]
Augmentation = Annotated[
    str | None,
    typer.Option(
        help="Cases 2 to 4, how training images are varied: 'none', 'light' (shift and "
        "scale), 'standard' (also mirror and light) or 'strong'. Default: standard.",
        rich_help_panel=_NETWORK,
        metavar="POLICY",
        show_default=False,
    ),
]
Store = Annotated[
    Path | None,
    typer.Option(
        help="Folder where features are kept. Default: HYBRIDML_STORE, else one in "
        "your cache folder.",
        rich_help_panel=_WORK,
        metavar="DIR",
        show_default=False,
    ),
]
NoStore = Annotated[
    bool,
    typer.Option(
        "--no-store",
        help="Keep no features: all is computed anew each time.",
        rich_help_panel=_WORK,
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        help="Threads of the search over cut layers and heads, and of the decoding.",
        rich_help_panel=_WORK,
        metavar="N",
        show_default=False,
    ),
]
RandomState = Annotated[
    int | None,
    typer.Option(
        help="Seed of everything random. Default: 0.",
        rich_help_panel=_WORK,
        metavar="N",
        show_default=False,
    ),
]
Trust = Annotated[
    list[str] | None,
    typer.Option(
        help="A type of yours that the model may hold, by module and name. Repeatable.",
        metavar="NAME",
        show_default=False,
    ),
]
TrackingUri = Annotated[
    str | None,
    typer.Option(
        help="Where MLflow keeps the runs. Default: MLFLOW_TRACKING_URI, else the file "
        "mlflow.db in this folder.",
        rich_help_panel=_TRACKING,
        metavar="URI",
        show_default=False,
    ),
]
Experiment = Annotated[
    str,
    typer.Option(
        help="MLflow experiment that the runs belong to.",
        rich_help_panel=_TRACKING,
        metavar="NAME",
    ),
]
NoTracking = Annotated[
    bool,
    typer.Option("--no-tracking", help="Record nothing.", rich_help_panel=_TRACKING),
]


def given(**options: Any) -> dict[str, Any]:
    """Keep the options that were given, so that the rest has the library's defaults.

    Examples
    --------
    >>> given(cv=3, epochs=None, weights="none", heads=[])
    {'cv': 3, 'weights': None}
    """
    kept = {k: v for k, v in options.items() if v is not None and v != []}
    if str(kept.get("weights")).lower() == "none" and "weights" in kept:
        kept["weights"] = None
    return kept


def store_option(folder: Path | None, is_off: bool) -> dict[str, Any]:
    """Turn --store and --no-store into the parameter `store`, if one was given."""
    if folder is not None and is_off:
        raise typer.BadParameter("Give --store or --no-store, not both.")
    if is_off:
        return {"store": None}
    return given(store=folder)


def check_can_be_written(option: str, path: Path | None) -> None:
    """Refuse a result's path before the work, where it cannot be written."""
    if path is None:
        return
    if path.is_dir():
        raise typer.BadParameter(f"{str(path)!r} is a folder.", param_hint=option)
    if not path.absolute().parent.is_dir():
        missing = str(path.absolute().parent)
        raise typer.BadParameter(f"There is no folder {missing!r}.", param_hint=option)
    is_new = not path.exists()
    try:
        with path.open("ab"):
            pass
    except OSError as error:
        message = f"{str(path)!r} cannot be written ({error.strerror or error})."
        raise typer.BadParameter(message, param_hint=option) from error
    if is_new:
        path.unlink()
