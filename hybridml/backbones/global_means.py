"""Means over whole maps whose gradients are not written out for every pixel."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn.functional import adaptive_avg_pool2d
from torchvision.models.feature_extraction import DualGraphModule


def global_mean(maps: Tensor) -> Tensor:
    """Average maps over their pixels.

    PyTorch's gradient of a mean is a map that it writes and that is read again; that of
    a sum is one number, seen from every pixel.

    Parameters
    ----------
    maps : Tensor of shape (..., height, width)

    Returns
    -------
    means : Tensor of shape (..., 1, 1)
        float32, or float64 for such maps; equal to what `Tensor.mean` gives on a CPU.
    """
    dtype = torch.promote_types(maps.dtype, torch.float32)
    n_pixels = maps.shape[-2] * maps.shape[-1]
    return maps.sum(dim=(-2, -1), keepdim=True, dtype=dtype) / n_pixels


def pool_by_mean(maps: Tensor) -> Tensor:
    """Average maps over their pixels, in their own dtype."""
    return global_mean(maps).to(maps.dtype)


def with_global_means(network: nn.Module) -> nn.Module:
    """Let a traced network pool by `pool_by_mean` where it averages whole maps.

    Parameters
    ----------
    network : nn.Module

    Returns
    -------
    network : nn.Module
        With the same parameters; itself where it is not traced, or pools otherwise.
    """
    traced: Any = network
    is_traced = isinstance(network, DualGraphModule)
    own = [traced.train_graph, traced.eval_graph] if is_traced else []
    graphs = [copy.deepcopy(graph) for graph in own]
    found = [node for graph in graphs for node in graph.nodes if _pools(node, network)]
    if not found:
        return network
    for node in found:
        with node.graph.inserting_before(node):
            by_sum = node.graph.call_function(pool_by_mean, (node.args[0],))
        node.replace_all_uses_with(by_sum)
        node.graph.erase_node(node)
    pooled: nn.Module = DualGraphModule(network, *graphs)
    pooled.train(network.training)
    return pooled


def _pools(node: fx.Node, network: nn.Module) -> bool:
    """Whether a node averages whole maps, its first argument."""
    size: Any = None
    if not node.args:
        return False
    if node.op == "call_module":
        module = network.get_submodule(str(node.target))
        size = module.output_size if type(module) is nn.AdaptiveAvgPool2d else None
    elif node.target is adaptive_avg_pool2d:
        size = node.kwargs.get("output_size", node.args[-1])
    return size in (1, (1, 1), [1, 1])
