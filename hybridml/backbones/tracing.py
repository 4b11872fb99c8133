"""Which modules and functions the tracer takes whole, and which networks it cannot."""

from __future__ import annotations

import warnings
from typing import Any

from torch import nn
from torch.fx.proxy import TraceError
from torchvision.models.feature_extraction import get_graph_node_names

from hybridml._optional import require

# What a forward function may raise when it is given symbols in place of tensors.
UNTRACEABLE = (
    TraceError,
    TypeError,
    RuntimeError,
    AttributeError,
    AssertionError,
    ValueError,
    LookupError,
)


def tracer_options(network: nn.Module) -> dict[str, Any]:
    """Options of torchvision's tracer for a network.

    timm registers its modules and functions that decide by the shape of their input:
    each is one node.
    """
    if not any(type(m).__module__.startswith("timm.") for m in network.modules()):
        return {}
    layers = require("timm", extra="timm", why="The network").layers
    return {
        "leaf_modules": layers.get_notrace_modules(),
        "autowrap_functions": layers.get_notrace_functions(),
    }


def node_names(network: nn.Module) -> list[str]:
    """Names of the nodes of a network's graph, or of its modules if it has no graph.

    The network is traced in evaluation mode and left in it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            names = get_graph_node_names(
                network,
                tracer_kwargs=tracer_options(network),
                suppress_diff_warning=True,
            )[1]
    except UNTRACEABLE:
        names = [name for name, _ in network.named_modules()]
    network.eval()
    return list(names[1:])
