"""Cutting a network at named nodes, so that nothing behind them is computed."""

from __future__ import annotations

import copy
import warnings
from typing import TypeVar, cast

import torch
from torch import fx, nn
from torchvision.models.feature_extraction import create_feature_extractor

from hybridml._checks import check_name, describe
from hybridml.backbones.exact_start import convert_between, round_behind
from hybridml.backbones.fusing import fold_batch_norms, pack_convolutions
from hybridml.backbones.hooks import HookedCut
from hybridml.backbones.in_place import spare_outputs
from hybridml.backbones.norm_act import split_norm_act
from hybridml.backbones.packed_convolution import has_onednn
from hybridml.backbones.pooling import layout_of_rank
from hybridml.backbones.rounding import correct_biases
from hybridml.backbones.spec import Backbone, Stage
from hybridml.backbones.tracing import UNTRACEABLE, node_names, tracer_options, tracing
from hybridml.backbones.trimming import drop_behind
from hybridml.exceptions import UnknownCutLayerError

Module = TypeVar("Module", bound=nn.Module)


def find_stage(backbone: Backbone, cut_layer: str) -> Stage:
    """Look a cut layer up: a declared stage, a node of the network's graph or a module.

    Raises
    ------
    UnknownCutLayerError
        If the backbone has none of them; the message suggests the nearest name.
    """
    for stage in backbone.stages:
        if stage.name == cut_layer:
            return stage
    with torch.device("meta"):
        module = backbone.build(backbone.n_classes).eval()
    nodes = dict.fromkeys(
        path for node in node_names(module) for path in _with_parents(node)
    )
    check_name(
        "cut_layer",
        cut_layer,
        [*backbone.stage_names, *nodes],
        expected=f"a stage of {backbone.name!r} ({', '.join(backbone.stage_names)}), "
        "a node of its graph or a module",
        see=f"list_cut_layers({backbone.name!r})",
        error=UnknownCutLayerError,
    )
    size, channels = backbone.preprocessing.crop, backbone.preprocessing.channels
    cut = cut_at(module, (Stage(cut_layer, cut_layer),))
    try:
        output = cut(torch.empty(1, channels, size, size, device="meta"))[cut_layer]
    except RuntimeError as exc:
        expected = f"a module that runs and gives one tensor ({exc})"
        raise UnknownCutLayerError(describe("cut_layer", cut_layer, expected)) from exc
    if not isinstance(output, torch.Tensor):
        expected = "a node that gives one tensor"
        raise UnknownCutLayerError(describe("cut_layer", cut_layer, expected))
    return Stage(cut_layer, cut_layer, layout_of_rank(output.ndim))


def cut_at(module: nn.Module, stages: tuple[Stage, ...]) -> nn.Module:
    """Cut a network at some stages.

    Parameters
    ----------
    module : nn.Module
        The whole network; its parameters are shared with the result.
    stages : tuple of Stage

    Returns
    -------
    cut : fx.GraphModule or HookedCut
        Gives a dict from stage name to output; nodes behind the last stage are gone,
        or not computed where the network cannot be traced.
    """
    was_training = module.training
    # Two names may stand for one node; the extractor wants each node once.
    nodes = {stage.node: stage.node for stage in stages}
    cut: nn.Module
    try:
        with tracing(), warnings.catch_warnings():
            # torchvision warns for every network whose two modes differ (dropout).
            warnings.filterwarnings("ignore", "NOTE: The nodes obtained by tracing")
            traced = create_feature_extractor(
                module,
                return_nodes=nodes,
                tracer_kwargs=tracer_options(module),
                suppress_diff_warning=True,
            )
        cut = drop_behind(traced)
    except UNTRACEABLE as exc:
        try:
            cut = HookedCut(module, list(nodes))
        except AttributeError:  # no module has this name: the graph was not at fault
            raise exc from None
    module.train(was_training)
    cut.train(was_training)
    return cut


def names_before(module: nn.Module, stage: Stage) -> set[str]:
    """Names of the parameters and buffers that the output at a stage depends on."""
    cut = cut_at(module, (stage,))
    return cut.names() if isinstance(cut, HookedCut) else set(cut.state_dict())


def for_inference(
    cut: nn.Module,
    dtype: torch.dtype,
    device: torch.device | None = None,
    *,
    images: torch.Tensor | None = None,
    exact: frozenset[str] = frozenset(),
) -> nn.Module:
    """Copy a cut network in a form that runs fast: fused, channels last, typed.

    Parameters
    ----------
    cut : nn.Module
        As `cut_at` returns it.
    dtype : torch.dtype
        What it is to compute in; its input is float32 in any case.
    device : torch.device or None, default=None
        Where it is to run; None is the CPU.
    images : Tensor of shape (n_images, n_channels, height, width), float32, or None
        Normalised images, over which the effect of rounding the weights is averaged
        and corrected; None leaves it.
    exact : set of str
        Layers that stay in float32; see `exact_layers`.
    """
    device = device or torch.device("cpu")
    ready = copy.deepcopy(cut).eval().requires_grad_(False)
    if isinstance(ready, HookedCut):
        ready.listen_always(dtype)
        return to_channels_last(ready.to(device=device, dtype=dtype))
    graph = without_batch_norms(ready)
    if images is not None and dtype != torch.float32:
        correct_biases(graph, images, dtype, but_for=exact)
    if device.type == "cpu" and has_onednn():
        pack_convolutions(graph)
    if dtype != torch.float32:
        round_behind(graph, exact, dtype)
        convert_between(graph, exact, dtype)
    return to_channels_last(graph.to(device))


def without_batch_norms(cut: nn.Module) -> fx.GraphModule:
    """Fold the batch norms of a traced network in evaluation mode, in place."""
    graph = fx.GraphModule(cut, cast(fx.Graph, cut.graph))
    fold_batch_norms(split_norm_act(spare_outputs(graph)))
    return graph


def to_channels_last(module: Module) -> Module:
    """Bring a module's tensors, in place, into the layout that convolutions prefer.

    Unlike ``module.to(memory_format=...)`` it leaves tensors of five axes alone.
    """
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.ndim == 4:
            tensor.data = tensor.data.contiguous(memory_format=torch.channels_last)
    return module


def _with_parents(node: str) -> list[str]:
    """Paths of the modules around a node, outermost first, and the node itself.

    Examples
    --------
    >>> _with_parents("layer1.0.relu")
    ['layer1', 'layer1.0', 'layer1.0.relu']
    """
    parts = node.split(".")
    return [".".join(parts[: i + 1]) for i in range(len(parts))]
