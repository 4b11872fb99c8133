"""Which parameters of a backbone learn: all of them, or those behind a cut."""

from __future__ import annotations

from torch import nn

from hybridml._checks import describe, did_you_mean, list_names
from hybridml.backbones.cutting import find_stage, names_before
from hybridml.backbones.spec import Backbone, Stage
from hybridml.exceptions import UnknownCutLayerError

NAMED_SCOPES = ("head", "last2", "all")


def freeze_all_but(
    module: nn.Module, backbone: Backbone, trainable: str, last: Stage | None = None
) -> None:
    """Let only the parameters within a scope of the trunk learn.

    Parameters
    ----------
    module : nn.Module
        The whole network.
    backbone : Backbone
    trainable : {"head", "last2", "all"} or str
        "head": none of the trunk. "last2": its last stage with a layer in it, which
        with the new head makes the last two; a norm by itself is no layer. A cut layer:
        everything behind it. "all".
    last : Stage or None, default=None
        Where the trunk ends; None is the penultimate stage.

    Raises
    ------
    UnknownCutLayerError
        If `trainable` is none of these.
    """
    check_trainable(backbone, trainable)
    for parameter in module.parameters():
        parameter.requires_grad_(trainable == "all")
    if trainable in ("head", "all"):
        return
    last = last or backbone.stages[-2]
    trunk = parameters_before(module, last)
    border = find_border(module, backbone, trainable, last)
    frozen = parameters_before(module, border) if border else set()
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(name in trunk - frozen)


def check_trainable(backbone: Backbone, trainable: object) -> None:
    """Raise `UnknownCutLayerError` unless `trainable` is a scope or a cut layer."""
    if isinstance(trainable, str) and trainable in NAMED_SCOPES:
        return
    try:
        find_stage(backbone, trainable)  # type: ignore[arg-type]
    except UnknownCutLayerError as exc:
        known = [*NAMED_SCOPES, *backbone.stage_names]
        expected = f"{list_names(NAMED_SCOPES)}, or a cut layer of {backbone.name!r}"
        see = f"See list_cut_layers({backbone.name!r})."
        cure = f"{did_you_mean(trainable, known)} {see}".lstrip()
        message = describe("trainable", trainable, expected, cure)
        raise UnknownCutLayerError(message) from exc


def parameters_before(module: nn.Module, stage: Stage) -> set[str]:
    """Names of the parameters that the output at a stage depends on."""
    return names_before(module, stage) & {name for name, _ in module.named_parameters()}


def find_border(
    module: nn.Module, backbone: Backbone, trainable: str, last: Stage
) -> Stage | None:
    """Find the stage up to which a network stays as it is.

    Parameters
    ----------
    module : nn.Module
        The whole network.
    backbone : Backbone
    trainable : "last2" or str
        See `freeze_all_but`.
    last : Stage
        Where the trunk ends.

    Returns
    -------
    border : Stage or None
        Of "last2" the deepest stage that still has a layer behind it; None where the
        trunk has no such stage.
    """
    if trainable != "last2":
        return find_stage(backbone, trainable)
    trunk = parameters_before(module, last)
    layers = {name for name, p in module.named_parameters() if p.ndim > 1}
    for stage in reversed(backbone.stages[: backbone.stages.index(last)]):
        if trunk & layers - parameters_before(module, stage):
            return stage
    return None
