"""A network as a plain float32 graph: cut, pooled, for any number of images."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from torch import fx, nn

from hybridml._optional import require
from hybridml.backbones.cutting import cut_at, without_batch_norms
from hybridml.backbones.network import Network
from hybridml.backbones.pooled_cut import pool_inside
from hybridml.backbones.spec import Stage
from hybridml.exceptions import ModelError
from hybridml.exporting.graph import OPSET, Graph, Value
from hybridml.exporting.preprocessing import preprocess

_N_EXAMPLES = 2  # of one, the exporter would take the number for granted


def add_network(
    graph: Graph,
    images: Value,
    network: Network,
    stages: tuple[Stage, ...],
    pooling: str,
) -> Value:
    """Add preprocessing and a cut network, with the features of some stages.

    Returns
    -------
    features : Value of shape (n, n_features), float64
        They are computed in float32; heads go on in float64.
    """
    ready = preprocess(graph, images, network.preprocessing)
    (features,) = graph.include(_as_model(network, stages, pooling), [ready])
    return features.cast("float64")


# The last one is kept: heads on one network are often exported in a row.
@lru_cache(maxsize=1)
def _as_model(network: Network, stages: tuple[Stage, ...], pooling: str) -> Any:
    require("onnxscript", extra="onnx", why="A model as ONNX")
    cut = cut_at(network.trainable_copy().eval(), stages)
    if isinstance(cut, fx.GraphModule):
        cut = without_batch_norms(cut)
    pooled = pool_inside(cut, stages, pooling).eval().requires_grad_(False)
    side, channels = network.preprocessing.crop, network.preprocessing.channels
    return _export(
        pooled, torch.zeros(_N_EXAMPLES, channels, side, side), network.backbone.name
    )


def _export(module: nn.Module, example: torch.Tensor, name: str) -> Any:
    from torch.onnx import OnnxExporterError

    try:
        program = torch.onnx.export(
            module,
            (example,),
            dynamo=True,
            opset_version=OPSET,
            input_names=["images"],
            output_names=["features"],
            dynamic_shapes=({0: torch.export.Dim("n")},),
            verbose=False,
        )
    except OnnxExporterError as exc:
        reason = str(exc.__cause__ or exc).strip().splitlines()[0]
        raise ModelError(
            f"The network {name!r} cannot be exported to ONNX: {reason}. Most networks "
            "of torchvision, timm and hybridml can."
        ) from exc
    return None if program is None else program.model_proto
