"""Taking away what a cut network would still compute behind its last output."""

from __future__ import annotations

from typing import Any

from torch import fx, nn
from torchvision.models.feature_extraction import DualGraphModule


def drop_behind(cut: Any) -> nn.Module:
    """Drop the nodes behind the last output, with all that only they need.

    Checks of sizes (``torch._assert`` in transformers) have no output that is used, and
    so are never taken for dead code: whatever they look at would be kept with them.

    Parameters
    ----------
    cut : DualGraphModule
        As torchvision's `create_feature_extractor` returns it, in training mode or not;
        its graphs are changed in place.

    Returns
    -------
    trimmed : DualGraphModule
        In training mode, its parameters shared with the cut; the cut itself where
        there is nothing to drop.
    """
    counts = [_drop_nodes_behind(graph) for graph in (cut.train_graph, cut.eval_graph)]
    if any(counts):
        name = type(cut).__name__
        cut = DualGraphModule(cut, cut.train_graph, cut.eval_graph, class_name=name)
    trimmed: nn.Module = cut
    return trimmed


def _drop_nodes_behind(graph: fx.Graph) -> int:
    """Erase the nodes after the last one that is given out; return how many."""
    *nodes, output = graph.nodes
    last = max(nodes.index(node) for node in output.all_input_nodes)
    for node in reversed(nodes[last + 1 :]):
        graph.erase_node(node)
    graph.eliminate_dead_code()
    return len(nodes) - last - 1
