"""``hybridml extract``: the features of images as a table or an array."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Annotated, Any

import typer

from hybridml.cli import options, ray_options
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
    (
        "hybridml extract photos --output rows --engine ray --address HEAD:6379",
        "a folder of parquet files, by the machines of a Ray cluster",
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
            "Without an ending: a folder of parquet files, a row for each content "
            "and a column for each stage, that a later call adds to. Also as a URL.",
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
    engine: ray_options.Engine = "local",
    address: ray_options.Address = None,
    workers: Annotated[
        int | None,
        typer.Option(
            help="Processes on the cluster. Default: as many as have room.",
            rich_help_panel=ray_options.PANEL,
            metavar="N",
            show_default=False,
        ),
    ] = None,
    cpus_per_worker: ray_options.CpusPerWorker = None,
    gpus_per_worker: ray_options.GpusPerWorker = None,
) -> None:
    """Save the deep features of images, for work outside hybridml.

    Each image goes through the network once; another cut layer later
    comes from the store. Memory does not grow with the number of images,
    and an interrupted run goes on where it stopped.
    """
    is_folder = _check_output(output)
    in_store = options.store_option(store, no_store)
    where = ray_options.engine_parameters(
        engine,
        address=address,
        n_workers=workers,
        cpus_per_worker=cpus_per_worker,
        gpus_per_worker=gpus_per_worker,
    )
    _check_place(engine, in_store, is_folder)
    columns = {"image": image, "target": target, "split": split}
    check_one_source(folder, manifest, columns=tuple(columns.values()))
    collection = _read(folder, manifest, **columns)
    parameters = given(
        backbone=backbone,
        cut_layer=cut_layer,
        pooling=pooling,
        weights=weights,
        image_size=image_size,
        random_state=random_state,
    )
    if is_folder:
        threads = given(n_workers=jobs)
        _save_dataset(collection, {**parameters, **threads, **where}, output)
        return
    parameters |= given(n_jobs=jobs)
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


def _save_dataset(
    collection: Collection, parameters: dict[str, Any], output: str
) -> None:
    from hybridml.distributed import extract_features

    shown = int(to_stderr().is_terminal)
    dataset = extract_features(
        collection.images, output=output, verbose=shown, **parameters
    )
    told = dataset.manifest
    say(
        f"{told['n_images']:,} images, {told['images_forwarded']:,} of them computed "
        f"now: {output}\nTo use them here: hybridml store import {output}"
    )


def _check_output(output: str) -> bool:
    """Refuse what cannot be written; tell whether it is a folder."""
    is_folder = not PurePath(output).suffix
    if not is_folder and not output.lower().endswith(_FORMATS):
        message = f"{output!r} should end in .parquet or .npy, or be a folder."
        raise typer.BadParameter(message, param_hint="--output")
    if is_folder and Path(output).is_file():
        raise typer.BadParameter(f"{output!r} is a file.", param_hint="--output")
    if not is_folder and "://" not in output:
        options.check_can_be_written("--output", Path(output))
    return is_folder


def _check_place(engine: str, in_store: dict[str, Any], is_folder: bool) -> None:
    if engine == "ray" and not is_folder:
        message = "--engine ray writes a folder: give --output without an ending."
        raise typer.BadParameter(message)
    if is_folder and in_store:
        message = "A folder is written without a store: hybridml store import fills it."
        raise typer.BadParameter(message)
