"""``hybridml export``: a saved model as one ONNX graph."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hybridml.cli.help_text import examples
from hybridml.cli.model_files import load_fitted
from hybridml.cli.options import check_can_be_written
from hybridml.cli.predict import list_images
from hybridml.cli.terminal import say, to_stderr
from hybridml.exceptions import DataError

EXAMPLES = examples(
    (
        "hybridml export model pets.onnx --images new_photos",
        "checked on all the images below a folder",
    ),
    (
        "hybridml export models:/pets@champion pets.onnx --images cat.jpg",
        "of a registered model",
    ),
)


def export(
    model: Annotated[
        str,
        typer.Argument(
            help="What hybridml fit, or hybridml compare --save, has saved; or an "
            "address in MLflow: models:/NAME@champion.",
            metavar="MODEL",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Argument(help="File to write.", metavar="OUT.onnx", show_default=False),
    ],
    images: Annotated[
        list[str],
        typer.Option(
            help="Image files, URLs or folders of images to check the graph with, best "
            "such as the model was not fitted on. Repeatable.",
            metavar="PATH",
            show_default=False,
        ),
    ],
) -> None:
    """Turn a saved model into one ONNX graph, from pixels to labels.

    Preprocessing, network and head are all inside: onnxruntime alone
    predicts with it. The graph is written only if it says the same as the
    model of the images given, and only if the scikit-learn and XGBoost that
    fitted the model are the ones installed. Needs: pip install "hybridml[onnx]".
    """
    from hybridml.exporting import to_onnx
    from hybridml.exporting.versions import load_of_this_version

    check_can_be_written("OUT.onnx", output)
    paths = list_images(images)
    estimator = load_of_this_version(lambda: load_fitted(model))
    if hasattr(estimator, "modalities"):
        cure = "It fuses columns of a table: use to_onnx(..., images=table) in Python."
        raise DataError(f"Got model={model!r}; expected one of images alone. {cure}")
    with to_stderr().status(f"Checking with {len(paths):,} images"):
        written = to_onnx(estimator, output, images=paths)
    say(f"Agrees with the model on {len(paths):,} images: {written}")
