"""What a worker is told before it begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hybridml.backbones.cut_layer import CutLayer
from hybridml.backbones.spec import Backbone

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Settings:
    """Everything a worker has to know; it is sent to other machines.

    Attributes
    ----------
    backbone, cut_layer, pooling, weights, image_size, in_channels, device, precision
        As `DeepFeatureExtractor` takes them.
    random_state : int
    declared : Backbone or None
        The backbone, where it was registered in the process that asks for features.
    n_threads : int
    output : str
        Folder of the dataset.
    """

    backbone: str | nn.Module
    cut_layer: CutLayer
    pooling: str
    weights: str | None
    image_size: int | None
    in_channels: int
    device: str
    precision: str
    random_state: int
    declared: Backbone | None
    n_threads: int
    output: str
