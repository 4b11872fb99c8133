"""``hybridml predict``: classes and probabilities of new images, as CSV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hybridml.cli.help_text import examples
from hybridml.cli.model_files import load_fitted
from hybridml.cli.options import check_can_be_written
from hybridml.cli.terminal import say, to_stderr
from hybridml.exceptions import DataError

if TYPE_CHECKING:
    import pandas as pd

EXAMPLES = examples(
    ("hybridml predict model new_photos", "all the images below a folder"),
    ("hybridml predict model cat.jpg dog.jpg", "some images"),
    (
        "hybridml predict model new_photos --output predictions.csv",
        "into a file",
    ),
)


def predict(
    model: Annotated[
        str,
        typer.Argument(
            help="What hybridml fit, or hybridml compare --save, has saved; or an "
            "address in MLflow: models:/NAME@champion.",
            metavar="MODEL",
            show_default=False,
        ),
    ],
    images: Annotated[
        list[str],
        typer.Argument(
            help="Image files, URLs or folders of images, at any depth.",
            metavar="IMAGES...",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="CSV file to write. Default: stdout.",
            metavar="FILE.csv",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Predict the class of images: a CSV with image, label and a column p_CLASS each.

    A folder of hybridml fit holds no code. A joblib file is code that runs
    when it is loaded: load only those that you, or people you trust, have
    saved.
    """
    check_can_be_written("--output", output)
    paths = list_images(images)
    estimator = _load(model)
    with to_stderr().status(f"Looking at {len(paths):,} images"):
        table = _predict(estimator, paths)
    if output is None:
        typer.echo(table.to_csv(index=False), nl=False)
    else:
        table.to_csv(output, index=False)
        say(f"{len(table):,} predictions: {output}")


def list_images(named: list[str]) -> list[str]:
    """List files and URLs, and the images in folders, at any depth.

    Raises
    ------
    DataError
        If a folder holds none.
    """
    from hybridml.images.tree import find_images

    paths: list[str] = []
    for name in named:
        if not Path(name).is_dir():
            paths.append(name)
            continue
        found = find_images(Path(name))
        if not found:
            raise DataError(f"Found no images in {name!r}.")
        paths += [str(path) for path in found]
    return paths


def _load(model: str) -> Any:
    estimator = load_fitted(model)
    if hasattr(estimator, "modalities"):
        cure = "It fuses columns of a table: use load_model(...).predict(table)."
        raise DataError(f"Got model={model!r}; expected one of images alone. {cure}")
    return estimator


def _predict(estimator: Any, paths: list[str]) -> pd.DataFrame:
    import pandas as pd

    if not hasattr(estimator, "predict_proba"):
        labels = estimator.predict(paths)
        return pd.DataFrame({"image": paths, "label": labels})
    proba = estimator.predict_proba(paths)
    labels = estimator.classes_[proba.argmax(axis=1)]
    columns = {f"p_{c}": proba[:, i] for i, c in enumerate(estimator.classes_)}
    return pd.DataFrame({"image": paths, "label": labels, **columns})
