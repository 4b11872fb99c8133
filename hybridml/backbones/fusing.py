"""Rewriting a cut network for inference: fewer and cheaper operations, same output."""

from __future__ import annotations

from collections import Counter

from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from hybridml.backbones.packed_convolution import (
    PackedConvolution,
    activation_of,
    can_pack,
)
from hybridml.backbones.same_padding import pad_same


def fold_batch_norms(cut: fx.GraphModule) -> None:
    """Fold each batch norm into the convolution before it, in place.

    Exact but for rounding, in evaluation mode. Where the output of the convolution is
    wanted itself, it is computed beside the folded one: what lies behind is rounded in
    the same way whether the network is cut there or not.
    """
    open_sequences(cut)
    for before, node in _convolutions_before(cut, nn.BatchNorm2d):
        convolution, norm = layer_at(cut, before), layer_at(cut, node)
        if not isinstance(convolution, nn.Conv2d) or not isinstance(
            norm, nn.BatchNorm2d
        ):
            continue
        folded, name = fuse_conv_bn_eval(convolution, norm), str(before.target)
        if len(before.users) == 1:
            cut.set_submodule(name, folded)
            _replace(cut, node, before)
            continue
        cut.add_submodule(f"{name}_folded", folded)
        with cut.graph.inserting_before(node):
            beside = cut.graph.call_module(f"{name}_folded", before.args)
        _replace(cut, node, beside)
    _tidy(cut)


def pack_convolutions(cut: fx.GraphModule) -> None:
    """Let oneDNN run each convolution together with its padding and activation.

    In place; for the CPU only. Every output keeps its value, since what is fused was
    used nowhere else.
    """
    for before, node in _convolutions_before(cut, *activation_of):
        layer = layer_at(cut, before)
        if len(before.users) == 1 and can_pack(layer):
            packed = PackedConvolution(layer, activation=layer_at(cut, node))
            cut.set_submodule(str(before.target), packed)
            _replace(cut, node, before)
    for node in list(cut.graph.nodes):
        layer = layer_at(cut, node)
        if can_pack(layer):
            layer = PackedConvolution(layer)
            cut.set_submodule(str(node.target), layer)
        if isinstance(layer, PackedConvolution) and _is_padding(node.args[0]):
            padding = node.args[0]
            if len(padding.users) == 1 and layer.absorb_same_padding():
                _replace(cut, padding, padding.args[0])
    _tidy(cut)


def open_sequences(cut: fx.GraphModule) -> None:
    """Call the layers of each sequence one by one.

    torchvision's tracing keeps some sequences, its own Conv2dNormActivation, as wholes.
    """
    nodes = list(cut.graph.nodes)
    while nodes:
        node = nodes.pop()
        sequence = layer_at(cut, node)
        if not isinstance(sequence, nn.Sequential) or _is_own_kind(sequence):
            continue
        output = node.args[0]
        for name in sequence._modules:  # children that come twice too
            with cut.graph.inserting_before(node):
                output = cut.graph.call_module(f"{node.target}.{name}", (output,))
            nodes.append(output)
        _replace(cut, node, output)


def layer_at(cut: fx.GraphModule, node: fx.Node) -> nn.Module | None:
    """Give the module that a node calls with one argument, ``node.args[0]``."""
    is_call = node.op == "call_module" and len(node.args) == 1 and not node.kwargs
    return cut.get_submodule(str(node.target)) if is_call else None


def _convolutions_before(
    cut: fx.GraphModule, *kinds: type[nn.Module]
) -> list[tuple[fx.Node, fx.Node]]:
    """Find the layers of some kinds that come right behind a convolution."""
    n_calls = Counter(node.target for node in cut.graph.nodes)
    pairs = []
    for node in cut.graph.nodes:
        if type(layer_at(cut, node)) not in kinds:
            continue
        (before,) = node.args
        # Subclasses may do more than a convolution: only this one is known.
        is_convolution = type(layer_at(cut, before)) is nn.Conv2d
        if is_convolution and n_calls[before.target] == 1:
            pairs.append((before, node))
    return pairs


def _is_own_kind(sequence: nn.Sequential) -> bool:
    return type(sequence).forward is not nn.Sequential.forward


def _is_padding(node: object) -> bool:
    return isinstance(node, fx.Node) and node.target is pad_same


def _replace(cut: fx.GraphModule, node: fx.Node, by: fx.Node) -> None:
    node.replace_all_uses_with(by)
    cut.graph.erase_node(node)


def _tidy(cut: fx.GraphModule) -> None:
    cut.delete_all_unused_submodules()
    cut.recompile()
