"""Which modules and functions the tracer takes whole, and which networks it cannot."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn
from torch.fx.proxy import TraceError
from torchvision.models import feature_extraction
from torchvision.models.feature_extraction import NodePathTracer, get_graph_node_names

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


_lock = threading.RLock()


@contextmanager
def tracing() -> Iterator[None]:
    """Trace within this block: one thread at a time, and beside others that compute.

    While it traces, torch.fx replaces `nn.Module.__call__` for the whole process, so
    that networks at work in other threads would be taken for parts of the traced one.
    """
    with _lock:
        usual = feature_extraction.NodePathTracer
        feature_extraction.NodePathTracer = _OwnThreadTracer
        try:
            yield
        finally:
            feature_extraction.NodePathTracer = usual


class _OwnThreadTracer(NodePathTracer):
    """Takes notice only of what the thread that made it does."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._thread = threading.get_ident()

    def call_module(
        self, m: nn.Module, forward: Callable[..., Any], args: Any, kwargs: Any
    ) -> Any:
        if threading.get_ident() != self._thread:
            return forward(*args, **kwargs)
        return super().call_module(m, forward, args, kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: Any) -> Any:
        if threading.get_ident() != self._thread:
            return attr_val
        return super().getattr(attr, attr_val, parameter_proxy_cache)


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
        with tracing(), warnings.catch_warnings():
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
