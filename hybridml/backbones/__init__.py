"""Networks by name: what they declare, where they can be cut, how they are run.

Declaring and listing are free of torch; `list_cut_layers` builds the network and is
therefore imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hybridml.backbones.registry import (
    get_backbone,
    list_backbones,
    register_backbone,
)
from hybridml.backbones.spec import Backbone, NamedWeights, Preprocessing, Stage

if TYPE_CHECKING:
    from hybridml.backbones.layers import list_cut_layers

__all__ = [
    "Backbone",
    "NamedWeights",
    "Preprocessing",
    "Stage",
    "get_backbone",
    "list_backbones",
    "list_cut_layers",
    "register_backbone",
]


def __getattr__(name: str) -> Any:
    if name != "list_cut_layers":
        raise AttributeError(f"module 'hybridml.backbones' has no attribute {name!r}")
    value = import_module("hybridml.backbones.layers").list_cut_layers
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
