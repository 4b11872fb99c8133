"""Running a network on the meta device: what its nodes give, and at which cost."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models.feature_extraction import create_feature_extractor

from hybridml.backbones.hooks import listen
from hybridml.backbones.tracing import UNTRACEABLE, tracer_options

_N_IMAGES = 2  # tells a tensor with one row per image from one without


@dataclass(frozen=True)
class Measured:
    """What a network gives at a node.

    Attributes
    ----------
    output : Tensor
        Of two images, on the meta device.
    gmacs : float
        Multiply-adds in 10^9 from the input to the node, for one image.
    """

    output: Tensor
    gmacs: float


def measure(
    network: nn.Module, nodes: list[str], *, channels: int, image_size: int
) -> dict[str, Measured]:
    """Run as much of a network as some nodes need.

    Parameters
    ----------
    network : nn.Module
        On the meta device, in evaluation mode.
    nodes : list of str
        As in `hybridml.backbones.spec.Stage`.
    channels, image_size : int
        Of the input.

    Returns
    -------
    measured : dict of {str: Measured}
        For the nodes that give a tensor with one row per image. Where the network
        cannot be traced, in the order in which they run, and all that ran before a
        node counts as needed for it.
    """
    images = torch.empty(_N_IMAGES, channels, image_size, image_size, device="meta")
    try:
        cut = create_feature_extractor(
            network,
            dict(zip(nodes, nodes, strict=True)),
            tracer_kwargs=tracer_options(network),
            suppress_diff_warning=True,
        ).eval()
    except UNTRACEABLE:
        network.eval()
        return _measure_modules(network, nodes, images)
    return _measure_graph(cut, nodes, images)


class _Meter(fx.Interpreter):
    """Runs a graph node by node and notes each one's output and its own cost."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module)
        self.values: dict[fx.Node, Any] = {}
        self._counter = FlopCounterMode(display=False)
        self._flops: dict[fx.Node, int] = {}
        self._needed: dict[fx.Node, set[fx.Node]] = {}

    def measure(self, images: Tensor) -> None:
        with torch.no_grad(), self._counter:
            self.run(images)

    def run_node(self, n: fx.Node) -> Any:
        before = self._counter.get_total_flops()
        self.values[n] = super().run_node(n)
        self._flops[n] = self._counter.get_total_flops() - before
        self._needed[n] = {n}.union(*(self._needed[i] for i in n.all_input_nodes))
        return self.values[n]

    def flops_to(self, node: fx.Node) -> int:
        """Operations in this node and all that it needs."""
        return sum(self._flops[needed] for needed in self._needed[node])

    def is_computed(self, node: fx.Node) -> bool:
        """Whether a node depends on the images."""
        return any(needed.op == "placeholder" for needed in self._needed[node])


def _measure_graph(
    cut: fx.GraphModule, nodes: list[str], images: Tensor
) -> dict[str, Measured]:
    meter = _Meter(cut)
    meter.measure(images)
    (result,) = (node for node in cut.graph.nodes if node.op == "output")
    found: Any = result.args[0]
    return {
        name: Measured(meter.values[found[name]], _gmacs(meter.flops_to(found[name])))
        for name in nodes
        if _has_rows(meter.values[found[name]]) and meter.is_computed(found[name])
    }


def _measure_modules(
    network: nn.Module, nodes: list[str], images: Tensor
) -> dict[str, Measured]:
    counter = FlopCounterMode(display=False)
    found: dict[str, Measured] = {}

    def note(name: str, output: Any) -> None:
        if _has_rows(output) and name not in found:
            found[name] = Measured(output, _gmacs(counter.get_total_flops()))

    with ExitStack() as hooks, torch.no_grad(), counter:
        for name in nodes:
            hooks.enter_context(listen(network, name, note))
        network(images)
    return found


def _has_rows(output: object) -> bool:
    is_tensor = isinstance(output, Tensor) and output.ndim > 1
    return is_tensor and len(output) == _N_IMAGES  # type: ignore[arg-type]


def _gmacs(flops: int) -> float:
    return flops / 2 / _N_IMAGES / 1e9
