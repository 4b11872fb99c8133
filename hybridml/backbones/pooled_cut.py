"""Pooling inside a cut network: each stage as soon as it is there, then let go."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, fx, nn

from hybridml.backbones.pooling import pool
from hybridml.backbones.spec import Stage


def pool_inside(cut: nn.Module, stages: tuple[Stage, ...], pooling: str) -> nn.Module:
    """Let a cut network give one matrix: the pooled outputs of stages, side by side.

    Maps that are pooled at once are still in the processor's cache, and need not be
    kept until the network has run to its end.

    Parameters
    ----------
    cut : nn.Module
        As `for_inference` returns it; its layers are shared with the result.
    stages : tuple of Stage
        All those that it is cut at.
    pooling : str

    Returns
    -------
    pooled : nn.Module
        From images to a Tensor of shape (n_images, n_features), float32.
    """
    if not isinstance(cut, fx.GraphModule):
        return _PoolBehind(cut, stages, pooling)
    graph = fx.Graph()
    outputs: Any = graph.graph_copy(cut.graph, {})
    rows: list[fx.Node] = []
    for stage in stages:
        name = f"pooled_{pooling}_{len(rows)}"
        cut.add_submodule(name, _Pool(stage, pooling))
        output = outputs[stage.node]
        with graph.inserting_after(output):
            rows.append(graph.call_module(name, (output,)))
    graph.output(graph.call_function(torch.cat, (rows, 1)))
    return fx.GraphModule(cut, graph)


class _Pool(nn.Module):
    def __init__(self, stage: Stage, pooling: str) -> None:
        super().__init__()
        self.stage, self.pooling = stage, pooling

    def forward(self, output: Tensor) -> Tensor:
        return pool(output, self.stage, self.pooling)


class _PoolBehind(nn.Module):
    """For a network without a graph."""

    def __init__(self, cut: nn.Module, stages: tuple[Stage, ...], pooling: str) -> None:
        super().__init__()
        self.cut, self.stages, self.pooling = cut, stages, pooling

    def forward(self, images: Tensor) -> Tensor:
        outputs = self.cut(images)
        rows = [pool(outputs[s.node], s, self.pooling) for s in self.stages]
        return torch.cat(rows, dim=1)
