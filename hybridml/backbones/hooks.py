"""Cutting a network that cannot be traced: its modules are listened to as it runs."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any, Self

import torch
from torch import Tensor, nn

INPUT_OF = "input of "

_lock = threading.RLock()  # hooks belong to the module, whichever thread runs it


class _AllReached(Exception):
    """Leaves the network: everything asked for is there."""


class HookedCut(nn.Module):
    """A network that is left as soon as some of its modules have given their output.

    Parameters
    ----------
    network : nn.Module
        The whole network; its parameters are shared.
    nodes : sequence of str
        Paths of modules, "" for the network itself, or "input of " and a path. Of a
        module that runs several times, the first run counts.

    Raises
    ------
    AttributeError
        If the network has no such module.
    """

    network: nn.Module

    def __init__(self, network: nn.Module, nodes: list[str]) -> None:
        super().__init__()
        for node in nodes:
            network.get_submodule(node.removeprefix(INPUT_OF))
        # Parts and parameters are those of the network, under their own names; the
        # network itself is no part, so that it adds none to them.
        self._modules = network._modules
        self._parameters = network._parameters
        self._buffers = network._buffers
        self.__dict__["network"] = network
        self.nodes = list(nodes)

    def train(self, mode: bool = True) -> Self:
        """Set the mode of the whole network."""
        self.network.train(mode)
        return super().train(mode)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Give the outputs by node; nothing behind the last of them is computed."""
        found: dict[str, Tensor] = {}

        def note(node: str, output: Any) -> None:
            if isinstance(output, Tensor) and node not in found:
                # What runs next may write into this tensor.
                found[node] = output.clone()
            if len(found) == len(self.nodes):
                raise _AllReached

        self._run(self.network, images, note)
        missing = [node for node in self.nodes if node not in found]
        if missing:
            raise RuntimeError(f"the module {missing[0]!r} gave no tensor")
        return found

    def names(self) -> set[str]:
        """Names, in the whole network, of the parameters and buffers before the cut.

        Found by running the network on the meta device, which computes nothing. What
        cannot be told apart is taken to lie before the cut.
        """
        before: set[str] = set()
        after: set[str] = set()
        found: set[str] = set()

        def note(node: str, output: Any) -> None:
            found.add(node)

        def note_call(path: str) -> None:
            (after if len(found) == len(self.nodes) else before).add(path)

        network = copy.deepcopy(self.network).to("meta")
        with ExitStack() as hooks:
            for path, module in network.named_modules():
                hooks.enter_context(
                    module.register_forward_pre_hook(lambda *_, p=path: note_call(p))
                )
            try:
                self._run(network, _meta_images(network), note)
            except RuntimeError:  # it takes images of another size
                return set(network.state_dict())
        behind = after - before
        return {n for n in network.state_dict() if n.rpartition(".")[0] not in behind}

    def _run(
        self, network: nn.Module, images: Tensor, note: Callable[[str, Any], None]
    ) -> None:
        """Run a network and tell of each node as its output comes."""
        with _lock, ExitStack() as hooks:
            for node in self.nodes:
                hooks.enter_context(listen(network, node, note))
            with suppress(_AllReached):
                network(images)


def listen(network: nn.Module, node: str, note: Callable[[str, Any], None]) -> Any:
    """Call ``note(node, output)`` whenever a module has run, or is about to.

    Parameters
    ----------
    network : nn.Module
    node : str
        As in `HookedCut`.
    note : callable

    Returns
    -------
    handle : torch.utils.hooks.RemovableHandle
        A context manager that ends it.
    """
    if node.startswith(INPUT_OF):
        module = network.get_submodule(node.removeprefix(INPUT_OF))
        return module.register_forward_pre_hook(lambda _, args: note(node, args[0]))
    module = network.get_submodule(node)
    return module.register_forward_hook(lambda _, args, output: note(node, output))


def _meta_images(network: Any) -> Tensor:
    """Two images of the size that the network says it was made for, else 224 pixels."""
    configuration = getattr(network, "pretrained_cfg", None) or {}
    size = configuration.get("input_size", (3, 224, 224))[1:]
    convolutions = (m for m in network.modules() if isinstance(m, nn.Conv2d))
    first = next(convolutions, None)
    return torch.empty(2, first.in_channels if first else 3, *size, device="meta")
