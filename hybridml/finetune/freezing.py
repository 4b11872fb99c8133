"""Which parameters of a backbone learn: all of them, or those behind a cut."""

from __future__ import annotations

from torch import nn

from hybridml.backbones.cutting import cut_at, find_stage
from hybridml.backbones.spec import Backbone, Stage

NAMED_SCOPES = ("head", "last2", "all")


def freeze_all_but(module: nn.Module, backbone: Backbone, trainable: str) -> None:
    """Let only the parameters within a scope of the trunk learn.

    Parameters
    ----------
    module : nn.Module
        The whole network.
    backbone : Backbone
    trainable : {"head", "last2", "all"} or str
        "head": none of the trunk. "last2": its last stage with parameters, which with
        the new head makes the last two. A cut layer: everything behind it. "all".

    Raises
    ------
    UnknownCutLayerError
        If `trainable` is none of these.
    """
    for parameter in module.parameters():
        parameter.requires_grad_(trainable == "all")
    if trainable in ("head", "all"):
        return
    trunk = _parameters_before(module, _penultimate(backbone))
    frozen = _last_boundary(module, backbone, trunk)
    if trainable != "last2":
        frozen = _parameters_before(module, find_stage(backbone, trainable))
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(name in trunk - frozen)


def _last_boundary(module: nn.Module, backbone: Backbone, trunk: set[str]) -> set[str]:
    """Parameters before the deepest stage that still has some behind it."""
    for stage in reversed(backbone.stages[:-2]):
        before = _parameters_before(module, stage)
        if trunk - before:
            return before
    return set()


def _parameters_before(module: nn.Module, stage: Stage) -> set[str]:
    return {name for name, _ in cut_at(module, (stage,)).named_parameters()}


def _penultimate(backbone: Backbone) -> Stage:
    return backbone.stages[-2]
