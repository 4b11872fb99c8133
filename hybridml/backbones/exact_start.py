"""Which first layers stay in float32 when the rest of a network is rounded.

A depthwise convolution sums nine products, not hundreds, so that rounding errors hardly
cancel; edge filters take differences of neighbours besides, and lose leading digits. At
the very start of a network (MobileNet, EfficientNet) that one layer makes most of the
error that bfloat16 makes in the last features, and costs next to nothing in float32.
"""

from __future__ import annotations

import torch
from torch import fx, nn

_N_FIRST = 3  # convolutions among which a depthwise one counts as the start


def exact_layers(network: fx.GraphModule) -> frozenset[str]:
    """Name the layers up to the depthwise convolution at the start, if there is one.

    Parameters
    ----------
    network : fx.GraphModule
        The whole network, so that the answer is the same for all its cuts.
    """
    calls = [node for node in network.graph.nodes if node.op == "call_module"]
    layers = [(node, network.get_submodule(str(node.target))) for node in calls]
    convolutions = [(n, layer) for n, layer in layers if isinstance(layer, nn.Conv2d)]
    for node, layer in convolutions[:_N_FIRST]:
        if layer.groups == layer.in_channels > 1:
            region = _with_ancestors(node)
            return frozenset(str(n.target) for n in region if n.op == "call_module")
    return frozenset()


def round_behind(
    cut: fx.GraphModule, exact: frozenset[str], dtype: torch.dtype
) -> None:
    """Convert the parameters of all other layers to `dtype`, in place."""
    for name, tensor in (*cut.named_parameters(), *cut.named_buffers()):
        is_exact = any(name.startswith(f"{layer}.") for layer in exact)
        if tensor.is_floating_point() and not is_exact:
            tensor.data = tensor.data.to(dtype)


def convert_between(
    cut: fx.GraphModule, exact: frozenset[str], dtype: torch.dtype
) -> None:
    """Convert what exact layers, or the input, hand on to the others; in place."""
    nodes = [n for n in cut.graph.nodes if n.op == "placeholder" or n.target in exact]
    region = set[fx.Node]().union(*(_with_ancestors(node) for node in nodes))
    for node in [node for node in cut.graph.nodes if node in region]:
        others = [u for u in node.users if u not in region and u.op != "output"]
        if not others:
            continue
        with cut.graph.inserting_after(node):
            converted = cut.graph.call_method("to", (node, dtype))
        for user in others:
            user.replace_input_with(node, converted)
    cut.recompile()


def _with_ancestors(node: fx.Node) -> set[fx.Node]:
    found, waiting = set[fx.Node](), [node]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting += current.all_input_nodes
    return found
