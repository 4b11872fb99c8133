"""Batch norms and the convolutions right before them, in traced networks."""

from __future__ import annotations

import copy
from collections import Counter

from torch import fx, nn
from torchvision.models.feature_extraction import DualGraphModule

from hybridml.backbones.fusing import convolutions_before, open_sequences

Pair = tuple[nn.Conv2d, nn.BatchNorm2d]


def convolutions_with_norms(model: nn.Module) -> list[Pair]:
    """Find each convolution whose output only a batch norm reads.

    Parameters
    ----------
    model : nn.Module
        What is traced in it is searched: `fx.GraphModule`, both graphs of those that
        have one for training; modules that are called in several must be so in all.

    Returns
    -------
    pairs : list of (nn.Conv2d, nn.BatchNorm2d)
        Each module in one pair at most; the norms have statistics of their own.
    """
    parts = [part for part in model.modules() if isinstance(part, fx.GraphModule)]
    calls = [_Calls(part, graph) for part in parts for graph in _graphs(part)]
    found = dict.fromkeys(pair for call in calls for pair in call.pairs)
    return [pair for pair in found if all(call.allows(pair) for call in calls)]


class _Calls:
    """The modules that a graph calls, and which of them are pairs."""

    def __init__(self, part: fx.GraphModule, graph: fx.Graph) -> None:
        # A copy in which sequences are opened; its modules are those of the part.
        opened = fx.GraphModule(part, copy.deepcopy(graph))
        open_sequences(opened)
        nodes = [node for node in opened.graph.nodes if node.op == "call_module"]
        called = [opened.get_submodule(str(node.target)) for node in nodes]
        self._n_calls = Counter(called)
        self.pairs: set[Pair] = set()
        for before, node in convolutions_before(opened, nn.BatchNorm2d):
            convolution = opened.get_submodule(str(before.target))
            norm = opened.get_submodule(str(node.target))
            assert isinstance(convolution, nn.Conv2d)
            assert isinstance(norm, nn.BatchNorm2d)
            is_single = self._n_calls[convolution] == self._n_calls[norm] == 1
            has_own = norm.running_mean is not None
            if is_single and has_own and len(before.users) == 1:
                self.pairs.add((convolution, norm))

    def allows(self, pair: Pair) -> bool:
        """Whether the two are a pair here, or not called at all."""
        return pair in self.pairs or not any(part in self._n_calls for part in pair)


def _graphs(part: fx.GraphModule) -> list[fx.Graph]:
    if isinstance(part, DualGraphModule):
        return [part.train_graph, part.eval_graph]
    return [part.graph]
