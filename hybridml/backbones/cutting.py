"""Cutting a network's graph at named nodes, so that nothing behind them is computed."""

from __future__ import annotations

import copy
import warnings

import torch
from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torchvision.models.feature_extraction import (
    create_feature_extractor,
    get_graph_node_names,
)

from hybridml._checks import check_name, describe
from hybridml.backbones.pooling import layout_of_rank
from hybridml.backbones.spec import Backbone, Stage
from hybridml.exceptions import UnknownCutLayerError


def find_stage(backbone: Backbone, cut_layer: str) -> Stage:
    """Look a cut layer up: a declared stage, or any node of the network's graph.

    Raises
    ------
    UnknownCutLayerError
        If the backbone has neither; the message suggests the nearest name.
    """
    for stage in backbone.stages:
        if stage.name == cut_layer:
            return stage
    with torch.device("meta"):
        module = backbone.build(backbone.n_classes).eval()
    nodes = get_graph_node_names(module, suppress_diff_warning=True)[1][1:]
    check_name(
        "cut_layer",
        cut_layer,
        [*backbone.stage_names, *nodes],
        expected=f"a stage of {backbone.name!r} ({', '.join(backbone.stage_names)}) "
        "or a node of its graph",
        see=f"list_cut_layers({backbone.name!r})",
        error=UnknownCutLayerError,
    )
    size = backbone.preprocessing.crop
    cut = cut_at(module, (Stage(cut_layer, cut_layer),))
    output = cut(torch.empty(1, 3, size, size, device="meta"))[cut_layer]
    if not isinstance(output, torch.Tensor):
        expected = "a node that gives one tensor"
        raise UnknownCutLayerError(describe("cut_layer", cut_layer, expected))
    return Stage(cut_layer, cut_layer, layout_of_rank(output.ndim))


def cut_at(module: nn.Module, stages: tuple[Stage, ...]) -> fx.GraphModule:
    """Cut a network at some stages.

    Parameters
    ----------
    module : nn.Module
        The whole network; its parameters are shared with the result.
    stages : tuple of Stage

    Returns
    -------
    cut : fx.GraphModule
        Gives a dict from stage name to output; nodes behind the last stage are gone.
    """
    was_training = module.training
    # Two names may stand for one node; the extractor wants each node once.
    nodes = {stage.node: stage.node for stage in stages}
    with warnings.catch_warnings():
        # torchvision warns for every network whose two modes differ (dropout).
        warnings.filterwarnings("ignore", "NOTE: The nodes obtained by tracing")
        cut: fx.GraphModule = create_feature_extractor(
            module, return_nodes=nodes, suppress_diff_warning=True
        )
    module.train(was_training)
    cut.train(was_training)
    return cut


def for_inference(cut: fx.GraphModule, dtype: torch.dtype) -> fx.GraphModule:
    """Copy a cut network in a form that runs fast: folded, channels last, typed."""
    copied = copy.deepcopy(cut)
    copied.eval()
    frozen = _fold_batch_norm(copied)
    frozen.requires_grad_(False)
    return frozen.to(dtype).to(memory_format=torch.channels_last)


def _fold_batch_norm(cut: fx.GraphModule) -> fx.GraphModule:
    """Fold each batch norm into the convolution before it (evaluation mode only)."""
    graph_module = fx.GraphModule(cut, cut.graph)
    modules = dict(graph_module.named_modules())
    for node in list(graph_module.graph.nodes):
        if node.op != "call_module" or not isinstance(
            modules[node.target], nn.BatchNorm2d
        ):
            continue
        before = node.args[0]
        convolution = modules.get(before.target) if before.op == "call_module" else None
        if not isinstance(convolution, nn.Conv2d) or len(before.users) > 1:
            continue
        folded = fuse_conv_bn_eval(convolution, modules[node.target])
        modules[before.target] = folded
        graph_module.set_submodule(before.target, folded)
        node.replace_all_uses_with(before)
        graph_module.graph.erase_node(node)
    graph_module.delete_all_unused_submodules()
    graph_module.recompile()
    return graph_module
