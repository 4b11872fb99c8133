"""``hybridml extract``: the features of images as a table or an array."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hybridml.cli import options
from hybridml.cli.collection import Collection, check_one_source, read_collection
from hybridml.cli.help_text import examples
from hybridml.cli.options import given
from hybridml.cli.terminal import say, to_stderr
from hybridml.exceptions import DataError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

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
        Path,
        typer.Option(
            "--output",
            "-o",
            help=".parquet: image, label (where there is one), and one column per "
            "feature. .npy: the features alone, rows in the order of the images.",
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
    comes from the store.
    """
    options.check_can_be_written("--output", output)
    if output.suffix.lower() not in _FORMATS:
        message = f"{str(output)!r} should end in .parquet or .npy."
        raise typer.BadParameter(message, param_hint="--output")
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
    features, names = _extract(collection, {**parameters, **in_store})
    _write(output, collection, features, names)
    say(f"{features.shape[0]:,} rows of {features.shape[1]:,} features: {output}")


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


def _extract(
    collection: Collection, parameters: dict[str, Any]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[Any]]:
    from hybridml.features import DeepFeatureExtractor

    shown = int(to_stderr().is_terminal)
    extractor = DeepFeatureExtractor(verbose=shown, **parameters)
    features = extractor.fit_transform(collection.images)
    return features, extractor.get_feature_names_out()


def _write(
    output: Path,
    collection: Collection,
    features: npt.NDArray[np.float32],
    names: npt.NDArray[Any],
) -> None:
    if output.suffix.lower() == ".npy":
        import numpy as np

        np.save(output, features)
        return
    import pandas as pd

    labels = {} if collection.labels is None else {"label": collection.labels}
    left = pd.DataFrame({"image": collection.images, **labels})
    right = pd.DataFrame(features, columns=names)
    pd.concat([left, right], axis=1).to_parquet(output, index=False)
