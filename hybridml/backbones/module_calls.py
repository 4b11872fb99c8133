"""How traced networks call their modules, and who reads what these give."""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Iterator
from typing import cast

from torch import fx, nn
from torchvision.models.feature_extraction import DualGraphModule

from hybridml.backbones.fusing import layer_at, open_sequences
from hybridml.backbones.global_means import pool_by_mean
from hybridml.backbones.hooks import HookedCut
from hybridml.backbones.same_padding import pad_same

Pair = tuple[nn.Conv2d, nn.BatchNorm2d]

_ONLY_READING = (operator.add, pad_same, pool_by_mean)  # and give new tensors


class ModuleCalls:
    """Where the graphs of a model call its modules.

    Parameters
    ----------
    model : nn.Module
        What is traced in it is looked at: `fx.GraphModule`, both graphs of those that
        have one for training. Nothing is found where a part could not be traced: that
        one may call any of its modules, anywhere.
    """

    def __init__(self, model: nn.Module) -> None:
        parts = list(model.modules())
        is_known = not any(isinstance(part, HookedCut) for part in parts)
        traced = [p for p in parts if is_known and isinstance(p, fx.GraphModule)]
        self._graphs = [_Calls(part, graph) for part in traced for graph in _of(part)]

    def convolutions_with_norms(self) -> list[Pair]:
        """Find each convolution whose output only a batch norm reads.

        Returns
        -------
        pairs : list of (nn.Conv2d, nn.BatchNorm2d)
            Each module in one pair at most, and called once in a graph; the norms have
            statistics of their own.
        """
        pairs = dict.fromkeys(pair for calls in self._graphs for pair in calls.pairs)
        return [pair for pair in pairs if all(c.allows(pair) for c in self._graphs)]

    def alone_behind_convolutions(self) -> list[nn.Module]:
        """Find modules that alone read what a convolution or a batch norm gives.

        Whether such a module works in place makes no difference to the others.
        """
        return self._where(_Calls.reads_alone)

    def only_read(self) -> list[nn.Module]:
        """Find modules whose output nothing changes in place."""
        return self._where(_Calls.is_only_read)

    def _where(self, holds: Callable[[_Calls, fx.Node], bool]) -> list[nn.Module]:
        """Modules of which something holds wherever they are called."""
        called = dict.fromkeys(m for calls in self._graphs for m in calls.nodes)
        return [
            module
            for module in called
            if all(holds(c, node) for c in self._graphs for node in c.of(module))
        ]


class _Calls:
    """The modules that one graph calls."""

    def __init__(self, part: fx.GraphModule, graph: fx.Graph) -> None:
        # A copy in which sequences are opened; its modules are those of the part.
        self._opened = fx.GraphModule(part, copy.deepcopy(graph))
        open_sequences(self._opened)
        self.nodes: dict[nn.Module, list[fx.Node]] = {}
        for node in self._opened.graph.nodes:
            if node.op == "call_module":
                module = self._opened.get_submodule(str(node.target))
                self.nodes.setdefault(module, []).append(node)
        self.pairs = set(self._pairs())

    def of(self, module: nn.Module) -> list[fx.Node]:
        """Give the calls of a module."""
        return self.nodes.get(module, [])

    def allows(self, pair: Pair) -> bool:
        """Whether the two are a pair here, or not called at all."""
        return pair in self.pairs or not any(self.of(part) for part in pair)

    def reads_alone(self, node: fx.Node) -> bool:
        """Whether a node alone reads what a convolution or a batch norm gives."""
        before = self._read_alone(node)
        layer = layer_at(self._opened, before) if before else None
        return type(layer) in (nn.Conv2d, nn.BatchNorm2d)

    def is_only_read(self, node: fx.Node) -> bool:
        """Whether no reader of a node may change what it gives."""
        return all(
            user.op == "output"
            or user.target in _ONLY_READING
            or type(module := layer_at(self._opened, user)) is nn.Conv2d
            or (type(module) is nn.Identity and self.is_only_read(user))
            for user in node.users
        )

    def _pairs(self) -> Iterator[Pair]:
        for norm, (node, *others) in self.nodes.items():
            if type(norm) is not nn.BatchNorm2d or norm.running_mean is None or others:
                continue
            before = self._read_alone(node)
            convolution = layer_at(self._opened, before) if before else None
            if type(convolution) is nn.Conv2d and len(self.of(convolution)) == 1:
                yield convolution, norm

    def _read_alone(self, node: fx.Node) -> fx.Node | None:
        """Give what a layer is called with, if nothing else reads that."""
        before = node.args[0] if layer_at(self._opened, node) is not None else None
        is_alone = isinstance(before, fx.Node) and len(before.users) == 1
        return cast(fx.Node, before) if is_alone else None


def _of(part: fx.GraphModule) -> list[fx.Graph]:
    if isinstance(part, DualGraphModule):
        return [part.train_graph, part.eval_graph]
    return [part.graph]
