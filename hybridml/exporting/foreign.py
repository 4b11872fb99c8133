"""Steps of scikit-learn without a converter here: by those of skl2onnx, in float32."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from hybridml._optional import require
from hybridml.exceptions import ModelError
from hybridml.exporting.graph import ML_OPSET, OPSET, Value
from hybridml.exporting.said import Said


def transform_by_skl2onnx(step: Any, features: Value, known: str) -> Value:
    """Add a transformer.

    Parameters
    ----------
    step : fitted transformer
    features : Value of shape (n, n_features), float64
    known : str
        What can be exported, for the message where this cannot.

    Raises
    ------
    ModelError
        If skl2onnx has no converter for it, either.
    """
    outputs = _convert(step, features, known)
    return outputs[0].cast(np.float64)


def say_by_skl2onnx(step: Any, features: Value, known: str) -> Said:
    """Add a classifier with probabilities, or a regressor, in the same way."""
    if hasattr(step, "classes_"):
        if not hasattr(step, "predict_proba"):
            raise unsupported(step, known)
        _, probabilities = _convert(step, features, known)
        return Said(step.classes_, probabilities.cast(np.float64))
    (numbers,) = _convert(step, features, known)
    # Of one target some give a column, and others a row.
    numbers = numbers.cast(np.float64)
    return Said(numbers=numbers.reshape(0, -1))


def unsupported(step: Any, known: str) -> ModelError:
    """Word that a step cannot be exported."""
    return ModelError(
        f"The step {type(step).__name__} cannot be exported to ONNX. Supported are "
        f"{known}, and what skl2onnx has a converter for."
    )


def _convert(step: Any, features: Value, known: str) -> list[Value]:
    why = f"Exporting the step {type(step).__name__}"
    skl2onnx = require("skl2onnx", extra="onnx", why=why)
    errors = import_module(f"{skl2onnx.__name__}.common.exceptions")
    types = import_module(f"{skl2onnx.__name__}.common.data_types")
    takes = [("features", types.FloatTensorType([None, int(step.n_features_in_)]))]
    options = {id(step): {"zipmap": False}} if hasattr(step, "classes_") else None
    try:
        model = skl2onnx.convert_sklearn(
            step,
            initial_types=takes,
            options=options,
            target_opset={"": OPSET, "ai.onnx.ml": ML_OPSET},
        )
    except (
        errors.MissingShapeCalculator,
        errors.MissingConverter,
        NotImplementedError,
        RuntimeError,
    ) as exc:
        raise unsupported(step, known) from exc
    return features.graph.include(model, [features.cast(np.float32)])
