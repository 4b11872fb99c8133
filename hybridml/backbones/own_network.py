"""A network of one's own as a backbone: what it is, and where it can be cut."""

from __future__ import annotations

import copy
import hashlib
import inspect
import warnings
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, fx, nn
from torchvision.models.feature_extraction import NodePathTracer

from hybridml._checks import describe
from hybridml.backbones.hooks import INPUT_OF
from hybridml.backbones.spec import Backbone, Preprocessing, Stage
from hybridml.backbones.tracing import UNTRACEABLE, tracer_options
from hybridml.exceptions import InvalidParameterError

_N_KEPT = 16
_PLAIN = (int, float, complex, str, bytes, bool, type(None))
_OF_TORCH = frozenset(vars(nn.Module()))  # among them the mode, which does not count

_declared: OrderedDict[str, _Declaration] = OrderedDict()


@dataclass(frozen=True)
class _Declaration:
    """What is read from a network's graph, which takes a while."""

    code: str
    penultimate: str
    logits: str


def declare_network(network: nn.Module) -> Backbone:
    """Declare a network as a backbone, as it is at this moment.

    Its logits are its output; its penultimate features are what its last linear layer
    is given, or its output where it has none.

    Parameters
    ----------
    network : nn.Module
        Takes (n, channels, height, width), gives one tensor of n rows.

    Returns
    -------
    backbone : Backbone
        Its digest covers code, settings and weights, so that it changes with them.
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in _describe(network):
        digest.update(part)
    structure = digest.copy().hexdigest()
    if structure not in _declared:
        _declared[structure] = _read_graph(network)
        while len(_declared) > _N_KEPT:
            _declared.popitem(last=False)
    found = _declared[structure]
    digest.update(found.code.encode())
    for name, value in sorted(_tensors(network).items()):
        digest.update(f"{name}{tuple(value.shape)}{value.dtype}".encode())
        digest.update(_bytes_of(value))
    return Backbone(
        name=network_name(network),
        build=partial(_copy, network),
        stages=(
            Stage("penultimate", found.penultimate, "vector"),
            Stage("logits", found.logits, "vector"),
        ),
        preprocessing=Preprocessing(),
        min_image_size=1,
        digest=digest.hexdigest(),
    )


def network_name(backbone: str | nn.Module) -> str:
    """Name a backbone in a word: as it is registered, or by its class."""
    return backbone if isinstance(backbone, str) else type(backbone).__name__.lower()


def check_runs(network: nn.Module, name: str, preprocessing: Preprocessing) -> None:
    """Raise unless a network takes images of a size and gives one tensor.

    Nothing is computed: a copy of it runs on the meta device.
    """
    with torch.device("meta"):
        copied = _copy(network, 0).eval()
        size = preprocessing.crop
        images = torch.empty(2, preprocessing.channels, size, size)
    try:
        with torch.no_grad():
            output = copied(images)
    except (RuntimeError, ValueError, AssertionError) as exc:
        expected = f"images that pass through {name!r}"
        reason = str(exc).splitlines()[0] if str(exc) else repr(exc)
        cure = f"Set image_size and in_channels. It fails with: {reason}"
        got = tuple(images.shape[1:])
        message = describe("images of shape", got, expected, cure)
        raise InvalidParameterError(message) from exc
    if not isinstance(output, Tensor) or output.ndim < 2 or len(output) != 2:
        expected = "a network that gives one tensor with a row for each image"
        raise InvalidParameterError(describe("backbone", name, expected))


def _copy(network: nn.Module, n_classes: int) -> nn.Module:
    """Copy a network in float32; without its values under ``torch.device("meta")``."""
    if torch.get_default_device().type != "meta":
        return copy.deepcopy(network).to("cpu").float()
    settings = (value for part in network.modules() for value in vars(part).values())
    tensors = [*network.parameters(), *network.buffers()]
    tensors += [value for value in settings if isinstance(value, Tensor)]
    empty = {id(value): _without_values(value) for value in tensors}
    return copy.deepcopy(network, empty).to("meta").float()


def _without_values(value: Tensor) -> Tensor:
    moved = value.detach().to("meta")
    return nn.Parameter(moved) if isinstance(value, nn.Parameter) else moved


def _describe(network: nn.Module) -> Iterator[bytes]:
    """Classes, settings and code of a network and its parts."""
    for path, module in network.named_modules():
        kind = type(module)
        yield f"\0{path}\0{kind.__module__}.{kind.__qualname__}".encode()
        if not kind.__module__.startswith("torch."):
            yield _code_of(kind)
        for name, value in sorted(vars(module).items()):
            if name not in _OF_TORCH:
                yield f"\0{name}={_setting(value)}".encode()


def _setting(value: object) -> str:
    if isinstance(value, _PLAIN):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(_setting, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{k}:{_setting(v)}' for k, v in value.items())}}}"
    if isinstance(value, Tensor):
        return hashlib.blake2b(_bytes_of(value), digest_size=16).hexdigest()
    return getattr(value, "__qualname__", type(value).__qualname__)


def _code_of(network_class: type) -> bytes:
    try:
        return inspect.getsource(network_class).encode()
    except (OSError, TypeError):  # made at the prompt
        code = getattr(network_class.forward, "__code__", None)  # type: ignore[attr-defined]
        return b"" if code is None else code.co_code + repr(code.co_consts).encode()


def _tensors(network: nn.Module) -> dict[str, Tensor]:
    return {**dict(network.named_parameters()), **dict(network.named_buffers())}


def _bytes_of(value: Tensor) -> bytes:
    flat = value.detach().contiguous().cpu().reshape(-1)
    return flat.view(torch.uint8).numpy().tobytes()


def _read_graph(network: nn.Module) -> _Declaration:
    with torch.device("meta"):
        copied: Any = _copy(network, 0).eval()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tracer = NodePathTracer(**tracer_options(copied))
            graph = tracer.trace(copied)
    except UNTRACEABLE:
        return _without_graph(network)
    code = fx.GraphModule(copied, graph).code
    names: dict[fx.Node, str] = tracer.node_to_qualname
    (output,) = next(node for node in graph.nodes if node.op == "output").args
    if not isinstance(output, fx.Node):
        return _without_graph(network)  # `check_runs` says what is wrong
    linear = [
        node
        for node in graph.nodes
        if node.op == "call_module"
        and isinstance(copied.get_submodule(node.target), nn.Linear)
    ]
    last = linear[-1].all_input_nodes[0] if linear else output
    if last.op == "placeholder":
        last = output
    return _Declaration(code, names[last], names[output])


def _without_graph(network: nn.Module) -> _Declaration:
    modules = network.named_modules()
    linear = [path for path, module in modules if isinstance(module, nn.Linear)]
    return _Declaration("", f"{INPUT_OF}{linear[-1]}" if linear else "", "")
