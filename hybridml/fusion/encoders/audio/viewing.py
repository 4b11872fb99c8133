"""Which of a network's layers look at a spectrogram, and how large it is to them."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from hybridml.backbones.loading import NetworkParameters, network_of
from hybridml.backbones.network import Network
from hybridml.backbones.registry import get_backbone
from hybridml.backbones.spec import Stage

_REDUCTIONS = (8, 16)
_SIDE_AXIS = {"maps": -1, "maps_last": -2}  # of the width


def picture_side(
    backbone: str | nn.Module, weights: str | Path | None, image_size: int | None
) -> int:
    """Side of the picture that a network takes whole, in pixels.

    Photos are drawn larger than that and lose their borders; a spectrogram has no
    border to lose.

    Parameters
    ----------
    backbone : str or nn.Module
    weights : "default", name, path, URL or None
    image_size : int or None
        None for the side that the weights were trained with.

    Examples
    --------
    >>> picture_side("efficientnet_lite0", "default", None)
    224
    """
    if image_size is not None:
        return image_size
    declared = get_backbone(backbone)
    named = declared.named_weights.get(str(weights))
    return (named or declared).preprocessing.crop


def middle_layers(parameters: NetworkParameters) -> list[str]:
    """Name the last stages whose maps are an eighth and a sixteenth of the picture.

    Parameters
    ----------
    parameters : estimator with those of a network

    Returns
    -------
    names : list of str
        Only "penultimate" where the network has no such maps.
    """
    network = network_of(parameters)
    last = {_reduction(network, stage): stage.name for stage in network.stages}
    names = [last[factor] for factor in _REDUCTIONS if factor in last]
    return names or ["penultimate"]


def _reduction(network: Network, stage: Stage) -> int | None:
    """How many pixels of the picture lie side by side under one of the map."""
    if stage.layout not in _SIDE_AXIS:
        return None
    width = network.shape(stage)[_SIDE_AXIS[stage.layout]]
    return round(network.preprocessing.crop / width)
