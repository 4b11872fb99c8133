"""Which cut layers and heads a search of case 1 goes through, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

from sklearn.base import clone

from hybridml._checks import describe
from hybridml.backbones.cut_layer import CutLayer, name_cut_layers
from hybridml.backbones.cutting import find_stage
from hybridml.backbones.loading import network_of
from hybridml.backbones.pooling import check_pooling, fits
from hybridml.backbones.registry import get_backbone
from hybridml.backbones.spec import Backbone
from hybridml.comparing.tasks import Task
from hybridml.exceptions import InvalidParameterError
from hybridml.features.extractor import DeepFeatureExtractor
from hybridml.heads.catalogue import get_head


def list_layers_to_try(
    cut_layers: CutLayer, extractor: DeepFeatureExtractor
) -> list[str]:
    """List each cut layer once, stages from the input to the output.

    Parameters
    ----------
    cut_layers : "all", str, int, or sequence of str and int
        "all" is every declared stage that the weights reach and that can be pooled so,
        but the logits. A number is the position of a stage. Nodes that are no stages
        come after the stages, in the order given.
    extractor : DeepFeatureExtractor
        Its backbone, and for "all" its weights, are what counts.

    Raises
    ------
    UnknownCutLayerError
        If the backbone has no such layer.
    InvalidParameterError
        If there is none at all.

    Examples
    --------
    >>> list_layers_to_try("all", DeepFeatureExtractor("lenet5", weights=None))
    ['conv1', 'conv2', 'fc1', 'penultimate']
    """
    if isinstance(cut_layers, str) and cut_layers == "all":
        return _reached_stages(extractor)
    declared = get_backbone(extractor.backbone)
    names = _names(declared, cut_layers)
    for name in names:
        find_stage(declared, name)
    stages = declared.stage_names
    place = {name: place for place, name in enumerate(stages)}
    return sorted(names, key=lambda name: place.get(name, len(stages)))


def list_heads_to_try(
    heads: str | Sequence[str], task: Task = "classification"
) -> list[str]:
    """List each head once, in the order given.

    Raises
    ------
    UnknownHeadError
        If there is no head of this name for the task.
    InvalidParameterError
        If there is none at all.
    """
    names = list(dict.fromkeys(_as_list("heads", heads)))
    for name in names:
        get_head(name, task)
    return names


def _reached_stages(extractor: DeepFeatureExtractor) -> list[str]:
    first, pooling = get_backbone(extractor.backbone).stage_names[0], extractor.pooling
    check_pooling(pooling)
    checked = clone(extractor).set_params(cut_layer=first, pooling="mean", store=None)
    checked.transform([])  # checks all the other parameters
    network = network_of(extractor)
    return [
        stage.name
        for stage in network.stages
        if stage.name != "logits" and fits(stage, pooling, network.shape(stage))
    ]


def _names(backbone: Backbone, cut_layers: CutLayer) -> list[str]:
    """Name each cut layer once; a list in the list would be features side by side."""
    given = [cut_layers] if isinstance(cut_layers, Integral) else cut_layers
    named: list[str] = []
    for entry in _as_list("cut_layers", given):
        if isinstance(entry, list | tuple):
            expected, cure = "cut layers to choose from", "To join the features of "
            cure += "several, pass the list to a DeepFeatureExtractor."
            message = describe("cut_layers", cut_layers, expected, cure)
            raise InvalidParameterError(message)
        named += name_cut_layers(backbone, entry)
    return list(dict.fromkeys(named))


def _as_list(name: str, given: object) -> list[Any]:
    if isinstance(given, str):
        return [given]
    if not isinstance(given, Sequence) or not len(given):
        raise InvalidParameterError(describe(name, given, "one name or several"))
    return list(given)
