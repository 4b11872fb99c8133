"""What gives features of images: extractors, and several of them side by side."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sklearn.pipeline import FeatureUnion, Pipeline

from hybridml.backbones.loading import network_of
from hybridml.backbones.network import Network
from hybridml.exceptions import ModelError
from hybridml.exporting.foreign import unsupported
from hybridml.exporting.graph import Graph, Value, concatenate
from hybridml.exporting.network import add_network
from hybridml.exporting.predictors import list_steps
from hybridml.exporting.transformers import transform
from hybridml.features.extractor import DeepFeatureExtractor
from hybridml.features.request import make_request

_KNOWN = "DeepFeatureExtractor, and a FeatureUnion of such, where images come in"


@dataclass(frozen=True, eq=False)
class ImageInput:
    """Images that a graph is given: their value, and the networks that read them.

    Attributes
    ----------
    graph : Graph
    value : Value of shape (n, height, width, channels), uint8
    networks : list of (Network, cut layers, pooling)
        Noted as they are added.
    """

    graph: Graph
    value: Value
    networks: list[tuple[Network, tuple[str, ...], str]] = field(default_factory=list)


def count_channels(reader: Any) -> int:
    """Count the channels of the images that an estimator takes."""
    parts = (
        reader.get_params(deep=True).values() if hasattr(reader, "get_params") else []
    )
    channels = {getattr(part, "in_channels", None) for part in (reader, *parts)}
    found = {count for count in channels if count is not None} or {3}
    if len(found) > 1:
        raise ModelError(
            f"Got a {type(reader).__name__} whose parts take images of {sorted(found)} "
            "channels; expected one number of channels in a graph."
        )
    return int(found.pop())


def image_features(reader: Any, images: ImageInput) -> Value:
    """Add what turns images into features.

    Parameters
    ----------
    reader : fitted extractor, or a union or pipeline that begins with such
    images : ImageInput

    Returns
    -------
    features : Value of shape (n, n_features), float64

    Raises
    ------
    ModelError
        If a step cannot be exported; the message names it.
    """
    if type(reader) is Pipeline:
        first, *steps = list_steps(reader)
        features = image_features(first, images)
        for step in steps:
            features = transform(step, features)
        return features
    if type(reader) is FeatureUnion:
        return _united(reader, images)
    if not isinstance(reader, DeepFeatureExtractor):
        raise unsupported(reader, _KNOWN)
    request = make_request(network_of(reader), reader.cut_layer, reader.pooling)
    names = tuple(stage.name for stage in request.stages)
    images.networks.append((request.network, names, request.pooling))
    return add_network(
        images.graph, images.value, request.network, request.stages, request.pooling
    )


def _united(union: FeatureUnion, images: ImageInput) -> Value:
    weights = union.transformer_weights or {}
    parts = [
        image_features(reader, images) * float(weights.get(name, 1.0))
        for name, reader in union.transformer_list
        if not isinstance(reader, str)
    ]
    return concatenate(parts)
