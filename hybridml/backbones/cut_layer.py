"""What `cut_layer` may be: a name, a position among the stages, or several of them."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import TypeAlias

from hybridml._checks import describe
from hybridml.backbones.spec import Backbone
from hybridml.exceptions import InvalidParameterError, UnknownCutLayerError

CutLayer: TypeAlias = str | int | Sequence[str | int]


def name_cut_layers(backbone: Backbone, cut_layer: CutLayer) -> tuple[str, ...]:
    """Name what an extractor's `cut_layer` stands for.

    Parameters
    ----------
    backbone : Backbone
        Its declared stages are what positions count.
    cut_layer : str, int, or list or tuple of them
        A name is not looked up.

    Returns
    -------
    names : tuple of str
        In the order given.

    Raises
    ------
    UnknownCutLayerError
        If there is no stage at a position.
    InvalidParameterError
        If a list is empty, or holds a layer twice.

    Examples
    --------
    >>> from hybridml.backbones import get_backbone
    >>> name_cut_layers(get_backbone("lenet5"), ["conv2", 0, -2])
    ('conv2', 'conv1', 'penultimate')
    """
    if not isinstance(cut_layer, list | tuple):
        return (_name(backbone, cut_layer),)
    names = tuple(_name(backbone, entry) for entry in cut_layer)
    if not names:
        expected = "at least one cut layer in a list"
        raise InvalidParameterError(describe("cut_layer", cut_layer, expected))
    repeated = [name for i, name in enumerate(names) if name in names[:i]]
    if repeated:
        expected, cure = "each layer once", f"{repeated[0]!r} is in it more than once."
        raise InvalidParameterError(describe("cut_layer", cut_layer, expected, cure))
    return names


def _name(backbone: Backbone, entry: object) -> str:
    if isinstance(entry, str):
        return entry
    stages = backbone.stage_names
    if isinstance(entry, numbers.Integral) and not isinstance(entry, bool):
        if -len(stages) <= int(entry) < len(stages):
            return stages[int(entry)]
        expected = f"a position from {-len(stages)} to {len(stages) - 1}"
    else:
        expected = "a name, a position, or a list of them"
    cure = f"The stages of {backbone.name!r} are {', '.join(map(repr, stages))}."
    raise UnknownCutLayerError(describe("cut_layer", entry, expected, cure))
