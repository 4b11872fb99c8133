"""What MLflow is told of a model's input and output."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pandas as pd
from PIL import Image

from hybridml._checks import list_names
from hybridml.exceptions import ImageDecodeError, ModelError
from hybridml.images.decode import decode_to_pil
from hybridml.images.door import as_images
from hybridml.images.source import open_content
from hybridml.models.manifest import Manifest

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

_FILES = ("image", "sound")
_TYPES = {str: "string", bool: "boolean", int: "long", float: "double"}


def make_signature(manifest: Manifest) -> ModelSignature:
    """Describe input and output for MLflow.

    Images and sounds are binary columns: bytes in a table, base64 in JSON. Other
    columns may hold anything.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema
    from mlflow.types.schema import AnyType

    takes = [
        ColSpec(
            "binary" if told["kind"] in _FILES else AnyType(),
            str(told["name"]),
            required=told["kind"] in _FILES and not manifest.takes_table,
        )
        for told in manifest.inputs
    ]
    gives = [ColSpec(kind, name) for name, kind in output_columns(manifest).items()]
    return ModelSignature(inputs=Schema(takes), outputs=Schema(gives))


def output_columns(manifest: Manifest) -> dict[str, str]:
    """Name the columns of the predictions, each with its type for MLflow.

    Of a classification: label, and p_<class> for each class. Of several labels: for
    each its label_<i> of 0 and 1, and p_<i>. Of a regression: prediction.
    """
    if manifest.task == "regression":
        return {"prediction": "double"}
    probabilities = {f"p_{name}": "double" for name in manifest.classes}
    if manifest.task == "multilabel":
        labels = {f"label_{name}": "long" for name in manifest.classes}
        return {**labels, **probabilities}
    kinds = {_TYPES[type(label)] for label in manifest.classes}
    kind = kinds.pop() if len(kinds) == 1 else "string"
    return {"label": kind, **probabilities}


def make_example(manifest: Manifest, given: Any) -> pd.DataFrame | None:
    """Bring an example into the form in which a served model takes it.

    Parameters
    ----------
    manifest : Manifest
    given : X of a few rows, or None

    Raises
    ------
    ModelError
        If an image of it cannot be made into bytes.
    """
    if given is None:
        kinds = {told["kind"] for told in manifest.inputs}
        is_image = not manifest.takes_table and kinds == {"image"}
        return pd.DataFrame({"image": [grey_square()]}) if is_image else None
    if any(told["kind"] == "array" for told in manifest.inputs):
        return None  # no file holds such images
    if not manifest.takes_table:
        name = manifest.inputs[0]["name"]
        return pd.DataFrame({name: [_as_bytes(v) for v in as_images(given)]})
    frame = pd.DataFrame(given)
    names = [told["name"] for told in manifest.inputs]
    absent = [str(name) for name in names if name not in frame.columns]
    if absent:
        raise ModelError(f"The input example lacks the columns {list_names(absent)}.")
    table = frame[names].copy()
    for told in manifest.inputs:
        if told["kind"] in _FILES:
            values = [_as_bytes(v) for v in as_images(table[told["name"]])]
            table[told["name"]] = pd.Series(values, index=table.index, dtype=object)
        elif pd.api.types.is_timedelta64_dtype(table[told["name"]]):
            spelled = table[told["name"]].astype(str)  # JSON has no durations
            table[told["name"]] = spelled.where(table[told["name"]].notna(), None)
    table.columns = [str(name) for name in table.columns]
    return table


def _as_bytes(element: Any) -> bytes | None:
    if element is None or isinstance(element, bytes):
        return element
    try:
        if isinstance(element, str):
            with open_content(element) as stream:
                return bytes(stream.read())
        return _png(decode_to_pil(element))
    except ImageDecodeError as exc:
        raise ModelError(f"Cannot read the example: {exc}") from exc


def grey_square() -> bytes:
    """Make a small grey image, encoded."""
    return _png(Image.new("RGB", (32, 32), (128, 128, 128)))


def _png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    return stream.getvalue()
