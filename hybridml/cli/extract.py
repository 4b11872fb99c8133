"""``hybridml extract``: the features of images as a table or an array."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hybridml.cli import options
from hybridml.cli.collection import Collection, check_one_source, read_collection
from hybridml.cli.help_text import examples
from hybridml.cli.options import given
from hybridml.cli.terminal import say, to_stderr
from hybridml.exceptions import DataError

EXAMPLES = examples(
    ("hybridml extract photos --output features.parquet", "one row per image"),
    (
        "hybridml extract photos --output stem.npy --cut-layer stem --pooling flatten",
        "an early layer, with every position",
    ),
    ("hybridml layers efficientnet_lite0", "where that network can be cut"),
)
_FORMATS = (".parquet", ".npy")


def extract(
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            help=".parquet: image, label (where there is one), and one column per "
            "feature. .npy: the features alone, rows in the order of the images. "
            "Also as a URL.",
            metavar="FILE",
        ),
    ],
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="FOLDER",
            help="Holds images, at any depth; class folders, if any, become labels.",
            show_default=False,
        ),
    ] = None,
    manifest: options.Manifest = None,
    image: options.ImageColumn = None,
    target: options.TargetColumn = None,
    split: options.SplitColumn = None,
    backbone: options.Backbone = None,
    cut_layer: Annotated[
        str | None,
        typer.Option(
            help="Where to cut: hybridml layers BACKBONE. Default: penultimate.",
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    pooling: Annotated[
        str | None,
        typer.Option(
            help="How maps become one row: 'mean', 'max', 'mean_max', 'gem', 'grid2', "
            "'grid4', 'class_token' or 'flatten'. Default: mean.",
            metavar="HOW",
            show_default=False,
        ),
    ] = None,
    weights: options.Weights = None,
    image_size: options.ImageSize = None,
    store: options.Store = None,
    no_store: options.NoStore = False,
    jobs: options.Jobs = None,
    random_state: options.RandomState = None,
) -> None:
    """Save the deep features of images, for work outside hybridml.

    Each image goes through the network once; another cut layer later
    comes from the store. Memory does not grow with the number of images,
    and an interrupted run goes on where it stopped.
    """
    _check_output(output)
    in_store = options.store_option(store, no_store)
    columns = {"image": image, "target": target, "split": split}
    check_one_source(folder, manifest, columns=tuple(columns.values()))
    collection = _read(folder, manifest, **columns)
    parameters = given(
        backbone=backbone,
        cut_layer=cut_layer,
        pooling=pooling,
        weights=weights,
        image_size=image_size,
        n_jobs=jobs,
        random_state=random_state,
    )
    n_images, n_features = _save(collection, {**parameters, **in_store}, output)
    say(f"{n_images:,} rows of {n_features:,} features: {output}")


def _read(
    folder: Path | None, manifest: Path | None, **columns: str | None
) -> Collection:
    """Read images with their labels; of a folder without classes, the images alone."""
    try:
        return read_collection(folder, manifest, **columns)
    except DataError:
        from hybridml.images.tree import find_images

        paths = find_images(folder) if folder is not None else []
        if not paths:
            raise
    import numpy as np

    return Collection(np.array([str(p) for p in paths], dtype=object), None, None)


def _save(
    collection: Collection, parameters: dict[str, Any], output: str
) -> tuple[int, int]:
    from hybridml.features import DeepFeatureExtractor, save_features

    shown = int(to_stderr().is_terminal)
    extractor = DeepFeatureExtractor(verbose=shown, **parameters)
    return save_features(extractor, collection.images, output, labels=collection.labels)


def _check_output(output: str) -> None:
    if not output.lower().endswith(_FORMATS):
        message = f"{output!r} should end in .parquet or .npy."
        raise typer.BadParameter(message, param_hint="--output")
    if "://" not in output:
        options.check_can_be_written("--output", Path(output))
