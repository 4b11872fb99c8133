"""Where a network divides into a part that stays as it is and a part that learns."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from operator import attrgetter

from torch import fx, nn
from torchvision.models.feature_extraction import DualGraphModule

from hybridml.backbones.cutting import cut_at
from hybridml.backbones.spec import Stage

OUTPUT = "output"


@dataclass(frozen=True)
class Separation:
    """A cut network in two parts, one behind the other.

    Attributes
    ----------
    frozen : fx.GraphModule or None
        From the images to the last output that no learned parameter has a part in, as
        ``{"output": maps}``; None where there is no such part, or it does not separate.
    learned : nn.Module
        From there to what the whole network gives; the whole network where `frozen` is
        None. Modules and parameters are shared with the network.
    obstacle : str or None
        Why a frozen part does not separate; None where it does, or there is none.
    """

    frozen: fx.GraphModule | None
    learned: nn.Module
    obstacle: str | None = None


def separate(network: nn.Module) -> Separation:
    """Divide a network behind its frozen part: parameters that need no gradient.

    Parameters
    ----------
    network : nn.Module
        As `hybridml.backbones.cutting.cut_at` returns it.

    Returns
    -------
    separation : Separation
        The parts separate where all that the learned part reads of the frozen one is
        one tensor.
    """
    if not any(not p.requires_grad for p in network.parameters()):
        return Separation(None, network)
    if not isinstance(network, fx.GraphModule):
        return Separation(None, network, "the network has no graph")
    was_training = network.training
    graphs = _graphs(network)
    borders = [_border(graph, network) for graph in graphs]
    if any(_is_input(border) for border in borders):
        return Separation(None, network, "what learns reads several outputs of it")
    parts = [_up_to(*pair) for pair in zip(graphs, borders, strict=True)]
    if _steps(parts[0]) != _steps(parts[1]):
        return Separation(None, network, "it is not the same in training")
    rest, training_rest = (_behind(*pair) for pair in zip(graphs, borders, strict=True))
    frozen = fx.GraphModule(network, parts[0])
    learned = DualGraphModule(network, training_rest, rest)
    return Separation(frozen.eval(), learned.train(was_training))


def part_between(module: nn.Module, start: Stage, end: Stage) -> nn.Module | None:
    """Take the part of a network that makes the output of one stage into another's.

    Parameters
    ----------
    module : nn.Module
        The whole network; its parameters are shared with the part.
    start, end : Stage

    Returns
    -------
    part : nn.Module or None
        Takes what the network gives at `start` and gives what it has at `end`. None
        where that depends on more than the output at `start`, or there is no graph.
    """
    cut = cut_at(module, (start, end))
    if not isinstance(cut, fx.GraphModule):
        return None
    parts = []
    for graph in _graphs(cut):
        outputs = next(n for n in graph.nodes if n.op == "output").args[0]
        border, last = outputs[start.node], outputs[end.node]
        if any(_is_input(n) for n in _needed(last, {border})):
            return None
        between = fx.Graph()
        copies = {border: between.placeholder("maps")}
        between.output(_copy_needed(graph, last, copies, between)[last])
        parts.append(between)
    part: nn.Module = DualGraphModule(cut, parts[1], parts[0])
    return part.train(module.training)


def _graphs(network: fx.GraphModule) -> list[fx.Graph]:
    """Graphs of evaluation and of training, which may differ."""
    was_training, graphs = network.training, []
    for training in (False, True):
        network.train(training)
        graphs.append(network.graph)
    network.train(was_training)
    return graphs


def _border(graph: fx.Graph, network: nn.Module) -> fx.Node:
    """Find the last node that all paths from the images to what learns lead through."""
    is_learned = _nodes_behind(graph, partial(_has_learned_parameters, network))
    of_images = _nodes_behind(graph, _is_input)
    frozen = [n for n in graph.nodes if n in of_images and n not in is_learned]
    read = {
        node
        for node in frozen
        if any(user in is_learned or user.op == "output" for user in node.users)
    }
    node: fx.Node
    for node in reversed(frozen):
        if not read & _reached_without(node, frozen):
            break
    return node  # the images themselves, if nothing else


def _reached_without(left_out: fx.Node, nodes: list[fx.Node]) -> set[fx.Node]:
    """Which of the nodes the images reach by paths that avoid one of them."""
    found: set[fx.Node] = set()
    for node in nodes:
        if node is not left_out and (
            _is_input(node) or any(source in found for source in node.all_input_nodes)
        ):
            found.add(node)
    return found


def _is_input(node: fx.Node) -> bool:
    return bool(node.op == "placeholder")


def _has_learned_parameters(network: nn.Module, node: fx.Node) -> bool:
    if node.op == "call_module":
        own = network.get_submodule(str(node.target)).parameters()
        return any(parameter.requires_grad for parameter in own)
    if node.op == "get_attr":
        value = attrgetter(str(node.target))(network)
        return bool(getattr(value, "requires_grad", False))
    return False


def _steps(graph: fx.Graph) -> list[tuple[str, str]]:
    return [(node.op, str(node.target)) for node in graph.nodes]


def _nodes_behind(graph: fx.Graph, starts: Callable[[fx.Node], bool]) -> set[fx.Node]:
    """Nodes for which `starts` holds, and all that depend on them but the output."""
    found: set[fx.Node] = set()
    for node in graph.nodes:  # in the order of execution
        if node.op == "output":
            continue
        if starts(node) or any(source in found for source in node.all_input_nodes):
            found.add(node)
    return found


def _up_to(graph: fx.Graph, border: fx.Node) -> fx.Graph:
    """Copy a graph so that it ends in the output of one node."""
    part = fx.Graph()
    copies = _copy_needed(graph, border, {}, part)
    part.output({OUTPUT: copies[border]})
    return part


def _behind(graph: fx.Graph, border: fx.Node) -> fx.Graph:
    """Copy a graph so that it begins with the output of one node."""
    part = fx.Graph()
    copies = {border: part.placeholder(border.name)}
    _copy_needed(graph, next(n for n in graph.nodes if n.op == "output"), copies, part)
    return part


def _copy_needed(
    graph: fx.Graph, last: fx.Node, copies: dict[fx.Node, fx.Node], part: fx.Graph
) -> dict[fx.Node, fx.Node]:
    """Copy a node, and what it depends on as far as that is not copied yet."""
    needed = _needed(last, copies.keys())
    for node in graph.nodes:  # in the order of execution
        if node in needed:
            copies[node] = part.node_copy(node, copies.__getitem__)
    return copies


def _needed(last: fx.Node, known: Collection[fx.Node]) -> set[fx.Node]:
    """List a node, and what it depends on but for those that are known."""
    needed, waiting = set[fx.Node](), [last]
    while waiting:
        node = waiting.pop()
        if node not in needed and node not in known:
            needed.add(node)
            waiting += node.all_input_nodes
    return needed
