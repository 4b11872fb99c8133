"""Keeping the outputs of a cut network from being written over by what runs next."""

from __future__ import annotations

import operator
from collections.abc import Iterator

from torch import fx, nn

_OUT_OF_PLACE = {
    operator.iadd: operator.add,
    operator.isub: operator.sub,
    operator.imul: operator.mul,
    operator.itruediv: operator.truediv,
}
_PASSED_THROUGH = (nn.Identity, nn.Dropout, nn.Flatten)  # they may hand on their input


def spare_outputs(cut: fx.GraphModule) -> fx.GraphModule:
    """Let no operation change, in place, what another node is to give.

    An activation right behind a cut would otherwise be in the features of the cut, if
    another cut lies further on.

    Parameters
    ----------
    cut : fx.GraphModule
        Changed in place.
    """
    modules = dict(cut.named_modules())
    (result,) = (node for node in cut.graph.nodes if node.op == "output")
    for output in result.all_input_nodes:
        for node in list(_readers(output, modules)):
            if node.op == "call_module" and hasattr(modules[node.target], "inplace"):
                modules[node.target].inplace = False
            elif node.kwargs.get("inplace"):
                node.kwargs = {**node.kwargs, "inplace": False}
            elif node.op == "call_function" and node.target in _OUT_OF_PLACE:
                node.target = _OUT_OF_PLACE[node.target]
    cut.recompile()
    return cut


def _readers(node: fx.Node, modules: dict[str, nn.Module]) -> Iterator[fx.Node]:
    """Nodes that are given the very tensor of a node."""
    for user in node.users:
        yield user
        if user.op == "call_module" and isinstance(
            modules[str(user.target)], _PASSED_THROUGH
        ):
            yield from _readers(user, modules)
