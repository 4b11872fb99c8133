"""What a graph's file tells of itself."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from hybridml.backbones.network import Network
from hybridml.backbones.spec import Preprocessing
from hybridml.exporting.graph import ML_OPSET, OPSET
from hybridml.exporting.images import ImageInput
from hybridml.exporting.said import Said

FORMAT = "1"
_TOLD = ("hybridml", "torch", "torchvision", "scikit-learn", "onnx", "onnxruntime")
_DECODING = {
    1: "np.asarray(ImageOps.exif_transpose(Image.open(file)).convert('RGB')"
    ".convert('L'))[np.newaxis, :, :, np.newaxis]",
    3: "np.asarray(ImageOps.exif_transpose(Image.open(file)).convert('RGB'))"
    "[np.newaxis]",
}


def describe(
    name: str,
    said: Said,
    inputs: Mapping[str, tuple[Any, int | None]],
    read: Mapping[str, ImageInput],
) -> dict[str, str]:
    """Make the metadata of a graph, texts by name; those of several parts are JSON.

    Parameters
    ----------
    name : str
        The estimator's class.
    said : Said
    inputs : mapping of {str: (columns, channels)}
        As `hybridml.exporting.checking.Rows` has them.
    read : mapping of {str: ImageInput}
        The inputs that are images, with the networks that read them.
    """
    classes = [] if said.classes is None else said.classes.tolist()
    networks = [
        {"input": place, **_describe_network(*found)}
        for place, images in read.items()
        for found in images.networks
    ]
    told = {
        "format": FORMAT,
        "estimator": name,
        "task": said.task,
        "classes": classes,
        "inputs": [_describe_input(place, *of) for place, of in inputs.items()],
        "networks": networks,
        "opset": {"": OPSET, "ai.onnx.ml": ML_OPSET},
        "versions": {package: version(package) for package in _TOLD},
    }
    return {
        f"hybridml.{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in told.items()
    }


def _describe_network(
    network: Network, cut_layers: tuple[str, ...], pooling: str
) -> dict[str, Any]:
    preprocessing = network.preprocessing
    return {
        "backbone": network.backbone.name,
        "weights_digest": network.weights_digest,
        "cut_layers": list(cut_layers),
        "pooling": pooling,
        "preprocessing": dataclasses.asdict(preprocessing),
        "preprocessing_digest": _digest(preprocessing),
    }


def _describe_input(name: str, columns: Any, channels: int | None) -> dict[str, Any]:
    if channels is None:
        listed = columns if isinstance(columns, list) else [columns]
        return {
            "name": name,
            "holds": "numbers, float64; NaN where one is missing",
            "shape": ["n", len(listed)],
            "columns": [str(column) for column in listed],
        }
    told = {
        "name": name,
        "holds": "upright images of one size, uint8, channels last, of any size",
        "shape": ["n", "height", "width", channels],
    }
    decoding = _DECODING.get(channels)
    return {**told, "decoding": decoding} if decoding else told


def _digest(preprocessing: Preprocessing) -> str:
    text = json.dumps(dataclasses.asdict(preprocessing), sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
