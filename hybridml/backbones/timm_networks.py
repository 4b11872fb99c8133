"""Networks of the timm package as backbones, by the name ``timm:NAME``."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from fnmatch import fnmatchcase
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models import ResNet18_Weights

from hybridml._checks import check_name
from hybridml._optional import MissingPackageError, require
from hybridml.backbones.spec import Backbone, Interpolation, Preprocessing, Stage
from hybridml.exceptions import UnknownBackboneError

PREFIX = "timm:"
_OLDEST = (1, 0, 26)
_N_BLOCKS = 4  # of a network whose blocks all have one resolution, as many are declared
_MAX_PREFIX_TOKENS = 64


def timm_names(pattern: str = "*") -> list[str]:
    """Names of timm's networks as backbones, those that match a shell pattern."""
    names = _timm("Listing its networks").list_models()
    return sorted(
        PREFIX + name for name in names if fnmatchcase(PREFIX + name, pattern)
    )


@cache
def timm_backbone(name: str) -> Backbone:
    """Declare one of timm's networks; it is built on the meta device.

    Parameters
    ----------
    name : str
        "timm:" and timm's name, with the tag of its weights or without:
        "timm:resnet18", "timm:resnet18.a1_in1k".

    Returns
    -------
    backbone : Backbone
        Its stages are timm's own feature levels; of a network whose blocks all have
        one resolution, the blocks after each quarter. "penultimate" is what timm calls
        the pre-logits.

    Raises
    ------
    MissingPackageError
        If timm is not installed, or too old.
    UnknownBackboneError
        If timm has no such network.
    """
    known = name.removeprefix(PREFIX)
    timm = _timm(f"The backbone {name!r}")
    _check(timm, name)
    configuration = timm.get_pretrained_cfg(known)
    n_classes = configuration.num_classes or 1000
    build = partial(build_timm_network, known)
    fetch = partial(_fetch, known) if configuration.has_weights else None
    is_imagenet = n_classes == 1000 and "in1k" in (configuration.tag or "")
    return Backbone(
        name=name,
        build=build,
        stages=_stages(build, configuration.input_size),
        preprocessing=_preprocessing(configuration),
        fetch_default_weights=fetch,
        fetch_categories=_imagenet_categories if is_imagenet else None,
        n_classes=n_classes,
        fixed_image_size=configuration.fixed_input_size,
    )


def build_timm_network(name: str, n_classes: int) -> nn.Module:
    """Build one of timm's networks untrained, with two nodes to cut at.

    Returns
    -------
    network : nn.Module
        Its state dict is timm's; "penultimate" and "logits" are modules without
        parameters through which the pre-logits and the output pass.
    """
    timm = _timm(f"The backbone {PREFIX + name!r}")
    network: nn.Module = timm.create_model(
        name, pretrained=False, num_classes=n_classes
    )
    network_class: Any = type(network)
    network.__class__ = _with_nodes(network_class)
    network.add_module("penultimate", nn.Identity())
    network.add_module("logits", nn.Identity())
    return network


class _Nodes:
    """The way through one of timm's networks, with its last two steps to be seen.

    timm's head is run twice where both steps are wanted: it is small, and its parts
    have no names that all networks share.
    """

    def forward(self: Any, images: Tensor) -> Tensor:
        maps = self.forward_features(images)
        self.penultimate(self.forward_head(maps, pre_logits=True))
        logits: Tensor = self.logits(self.forward_head(maps))
        return logits


@cache
def _with_nodes(network_class: Any) -> type[nn.Module]:
    return type(network_class.__name__, (_Nodes, network_class), {})


def _stages(build: Any, input_size: tuple[int, int, int]) -> tuple[Stage, ...]:
    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        network = build(10).eval()
        images = torch.empty(2, *input_size)
    levels = _choose(_levels(network))
    outputs = _run(network, images, list(levels))
    inner = (
        _stage(f"stage{i}", node, outputs[node], level, input_size)
        for i, (node, level) in enumerate(levels.items(), 1)
    )
    vectors = (Stage(n, n, "vector") for n in ("penultimate", "logits"))
    return (*(stage for stage in inner if stage), *vectors)


def _run(network: nn.Module, images: Tensor, nodes: list[str]) -> dict[str, Any]:
    """Run a network and keep the output of some of its modules, of whatever kind."""
    outputs: dict[str, Any] = dict.fromkeys(nodes)
    with ExitStack() as hooks, torch.no_grad():
        for node in nodes:

            def keep(_: Any, args: Any, output: Any, node: str = node) -> None:
                outputs[node] = output

            module = network.get_submodule(node)
            hooks.enter_context(module.register_forward_hook(keep))
        network(images)
    return outputs


def _levels(network: Any) -> dict[str, Mapping[str, Any]]:
    """List what timm declares of each feature level, by the module that ends it."""
    declared: Any = getattr(network, "feature_info", None) or []
    levels = declared if isinstance(declared, list) else declared.get_dicts()
    known = dict(network.named_modules())
    return {level["module"]: level for level in levels if level["module"] in known}


def _choose(levels: dict[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Thin out the blocks of a network that has only one resolution."""
    if len({level["reduction"] for level in levels.values()}) > 1:
        return levels
    names = list(levels)
    last = [
        math.ceil(len(names) * part / _N_BLOCKS) for part in range(1, _N_BLOCKS + 1)
    ]
    return {names[i - 1]: levels[names[i - 1]] for i in last if names}


def _stage(
    name: str,
    node: str,
    output: object,
    level: Mapping[str, Any],
    input_size: tuple[int, int, int],
) -> Stage | None:
    """Tell the layout of a level from the shape of its output, if it has one."""
    if not isinstance(output, Tensor):
        return None
    shape, n_channels = tuple(output.shape), level["num_chs"]
    if len(shape) == 4 and shape[1] == n_channels:
        return Stage(name, node, "maps")
    if len(shape) == 4 and shape[3] == n_channels:
        return Stage(name, node, "maps_last")
    if len(shape) == 3 and shape[2] == n_channels:
        sides = (math.ceil(side / level["reduction"]) for side in input_size[1:])
        n_prefix_tokens = shape[1] - math.prod(sides)
        if 0 <= n_prefix_tokens <= _MAX_PREFIX_TOKENS:
            return Stage(name, node, "tokens", n_prefix_tokens)
    return None


def _preprocessing(configuration: Any) -> Preprocessing:
    size = configuration.input_size[-1]
    known: dict[str, Interpolation] = {"bilinear": "bilinear"}
    return Preprocessing(
        resize=math.floor(size / configuration.crop_pct),
        crop=size,
        interpolation=known.get(configuration.interpolation, "bicubic"),
        mean=tuple(configuration.mean),
        std=tuple(configuration.std),
    )


def _fetch(name: str) -> Mapping[str, Tensor]:
    """Download published weights through timm, which prefers safetensors."""
    network = _timm(f"The backbone {PREFIX + name!r}").create_model(
        name, pretrained=True
    )
    state: Mapping[str, Tensor] = network.state_dict()
    return state


def _imagenet_categories() -> tuple[str, ...]:
    return tuple(ResNet18_Weights.DEFAULT.meta["categories"])


def _check(timm: Any, name: str) -> None:
    known: Iterable[str] = timm.list_models()
    if "." in name:
        known = [*known, *timm.list_pretrained()]
    check_name(
        "backbone",
        name,
        [PREFIX + found for found in known],
        expected="a network of timm",
        see=f"list_backbones({PREFIX + '*'!r})",
        error=UnknownBackboneError,
    )


def _timm(why: str) -> Any:
    timm = require("timm", extra="timm", why=why)
    found = tuple(int(number) for number in re.findall(r"\d+", timm.__version__)[:3])
    if found < _OLDEST:
        wanted = ".".join(map(str, _OLDEST))
        raise MissingPackageError(
            f"{why} needs timm {wanted} or newer, which loads no pickled code; version "
            f'{timm.__version__} is installed. Run: pip install "hybridml[timm]"',
            name="timm",
        )
    return timm
