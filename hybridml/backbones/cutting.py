"""Cutting a network's graph at named nodes, so that nothing behind them is computed."""

from __future__ import annotations

import copy
import warnings

import torch
from torch import fx, nn
from torchvision.models.feature_extraction import (
    create_feature_extractor,
    get_graph_node_names,
)

from hybridml._checks import check_name, describe
from hybridml.backbones.fusing import fold_batch_norms, keep_outputs, pack_convolutions
from hybridml.backbones.packed_convolution import has_onednn
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


def for_inference(
    cut: fx.GraphModule, dtype: torch.dtype, device: torch.device
) -> fx.GraphModule:
    """Copy a cut network in a form that runs fast: fused, channels last, typed."""
    copied = copy.deepcopy(cut)
    copied.eval()
    ready = fx.GraphModule(copied, copied.graph)
    keep_outputs(ready)
    fold_batch_norms(ready)
    ready.requires_grad_(False)
    ready.to(device=device, dtype=dtype).to(memory_format=torch.channels_last)
    if device.type == "cpu" and has_onednn():
        pack_convolutions(ready)
    return ready
