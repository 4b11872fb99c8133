"""Which estimators can be exported, what their graphs are given, and how they go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from hybridml.exceptions import ModelError
from hybridml.exporting.fusion import say_early_fusion
from hybridml.exporting.graph import Graph, Value
from hybridml.exporting.images import ImageInput, count_channels, image_features
from hybridml.exporting.layers import say_all_layers, say_ensemble
from hybridml.exporting.network import add_network
from hybridml.exporting.predictors import list_steps, say
from hybridml.exporting.said import Said, say_labels
from hybridml.exporting.transformers import transform
from hybridml.finetune.estimator import FineTuneEstimator
from hybridml.fusion.early.estimator import EarlyFusion
from hybridml.transfer.all_layers.estimator import AllLayersEstimator
from hybridml.transfer.cases.pretrained_classifier import PretrainedClassifier
from hybridml.transfer.layer_ensemble.estimator import LayerEnsemble

_TINY = 1e-12  # see PretrainedClassifier
_KNOWN = (
    "TransferClassifier, TransferRegressor, PretrainedClassifier, AllLayersClassifier, "
    "AllLayersRegressor, LayerEnsembleClassifier, LayerEnsembleRegressor, "
    "FineTuneClassifier, FineTuneRegressor, EarlyFusionClassifier, "
    "EarlyFusionRegressor, a pipeline that begins with a DeepFeatureExtractor, and a "
    "search for such (its best_estimator_)"
)
IMAGES = "images"


def add_inputs(graph: Graph, estimator: Any) -> dict[str, ImageInput | Value]:
    """Add the inputs that an estimator needs.

    Parameters
    ----------
    graph : Graph
    estimator : estimator
        As `innermost` returns it.

    Returns
    -------
    inputs : dict of {str: ImageInput or Value}
        "images", or by modality.

    Raises
    ------
    ModelError
        If it is none that can be exported.
    """
    if not isinstance(estimator, EarlyFusion):
        if type(estimator) is not Pipeline and not isinstance(
            estimator, tuple(_SAYING)
        ):
            name = type(estimator).__name__
            raise ModelError(f"Got a {name} to export to ONNX; expected {_KNOWN}.")
        reader = list_steps(estimator)[0] if type(estimator) is Pipeline else estimator
        return {IMAGES: _add_images(graph, IMAGES, reader)}
    kinds, inputs = estimator.input_kinds(), dict[str, ImageInput | Value]()
    for encoder in estimator.encoders_:
        columns = encoder.columns_
        names = columns if isinstance(columns, list) else [columns]
        if {kinds[name] for name in names} <= {"image", "array"}:
            reader = encoder.estimator_
            inputs[encoder.name] = _add_images(graph, encoder.name, reader)
        elif {kinds[name] for name in names} == {"value"}:
            shape = ("n", len(names))
            inputs[encoder.name] = graph.add_input(encoder.name, np.float64, shape)
        else:
            raise ModelError(
                f"The modality {encoder.name!r} cannot be exported to ONNX; expected "
                "images, or columns of numbers."
            )
    return inputs


def say_all(estimator: Any, inputs: dict[str, ImageInput | Value]) -> Said:
    """Add an estimator behind its inputs.

    Raises
    ------
    ModelError
        If a part of it cannot be exported; the message names it.
    """
    if isinstance(estimator, EarlyFusion):
        return say_early_fusion(estimator, inputs)
    images = inputs[IMAGES]
    assert isinstance(images, ImageInput)
    for kind, say_kind in _SAYING.items():
        if isinstance(estimator, kind):
            return say_kind(estimator, images)
    reader, *steps = list_steps(estimator)
    # First without the network, which takes a while to export.
    _say_of_features(steps, Graph().add_input("features", np.float64, ["n", "k"]))
    return _say_of_features(steps, image_features(reader, images))


def _say_of_features(steps: list[Any], features: Value) -> Said:
    *transformers, predictor = steps
    for step in transformers:
        features = transform(step, features)
    return say(predictor, features)


def _add_images(graph: Graph, name: str, reader: Any) -> ImageInput:
    sides = [f"{side}_of_{name}" for side in ("height", "width")]
    shape: list[int | str] = ["n", *sides, count_channels(reader)]
    return ImageInput(graph, graph.add_input(name, np.uint8, shape))


def _say_pretrained(estimator: PretrainedClassifier, images: ImageInput) -> Said:
    outputs = image_features(estimator.extractor_, images)
    summed = outputs.op("Softmax", axis=1) @ np.asarray(estimator.shares_, np.float64)
    if estimator.multilabel_:
        return say_labels(summed.clip(0.0, 1.0))
    certain = summed + _TINY
    return Said(estimator.classes_, certain / certain.sum(1))


def _say_tuned(estimator: Any, images: ImageInput) -> Said:
    if estimator.test_views != 1:
        raise ModelError(
            f"A {type(estimator).__name__}(test_views={estimator.test_views}) cannot "
            "be exported to ONNX: a graph sees the centre crop. Use "
            "set_params(test_views=1), which needs no new fit."
        )
    tuned = estimator.tuned_
    stage, pooling = tuned._end
    images.networks.append((tuned.network, (stage.name,), pooling))
    features = add_network(images.graph, images.value, tuned.network, (stage,), pooling)
    weight = np.asarray(tuned.head.weight, dtype=np.float64)
    bias = np.asarray(tuned.head.bias, dtype=np.float64)
    outputs = features @ np.ascontiguousarray(weight.T) + bias[None, :]
    if not hasattr(estimator, "classes_"):
        return Said(numbers=outputs)
    if estimator.multilabel_:
        return say_labels(outputs.op("Sigmoid"))
    return Said(estimator.classes_, outputs.op("Softmax", axis=1))


_SAYING: dict[type, Callable[[Any, ImageInput], Said]] = {
    PretrainedClassifier: _say_pretrained,
    FineTuneEstimator: _say_tuned,
    AllLayersEstimator: say_all_layers,
    LayerEnsemble: say_ensemble,
}
