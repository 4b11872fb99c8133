"""Giving a network that was trained on RGB another number of input channels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from hybridml._checks import describe
from hybridml.backbones.spec import Preprocessing
from hybridml.exceptions import InvalidParameterError

_RGB = 3


def with_channels(preprocessing: Preprocessing, in_channels: int) -> Preprocessing:
    """Repeat mean and std in turn over the channels; average them for one channel.

    Examples
    --------
    >>> with_channels(Preprocessing(), 4).mean
    (0.485, 0.456, 0.406, 0.485)
    """
    if in_channels == preprocessing.channels:
        return preprocessing
    mean, std = preprocessing.mean, preprocessing.std
    if in_channels == 1:
        return replace(
            preprocessing, mean=(sum(mean) / len(mean),), std=(sum(std) / len(std),)
        )
    turns = range(in_channels)
    return replace(
        preprocessing,
        mean=tuple(mean[i % len(mean)] for i in turns),
        std=tuple(std[i % len(std)] for i in turns),
    )


def widen_input(
    network: nn.Module,
    preprocessing: Preprocessing,
    in_channels: int,
    *,
    random_state: int | None = None,
) -> Preprocessing:
    """Let the first convolution of a network take other channels, in place.

    The weights of red, green and blue are repeated in turn over the channels and
    scaled by three over their number, so that channels that are alike give what they
    gave in RGB. For one channel they are added up, each on the scale of its own
    normalisation; a bias makes up for its means. A grey image then gives what it
    gives as RGB, but for the borders, where the zeros of the padding stand for the
    mean colour.

    Parameters
    ----------
    network : nn.Module
        Its first convolution takes three channels, or `in_channels` already.
    preprocessing : Preprocessing
        That of the network's three channels.
    in_channels : int
    random_state : int or None, default=None
        Draw the convolution's weights from this seed, with the deviation that they
        had; None repeats them.

    Returns
    -------
    preprocessing : Preprocessing
        Mean and std for each of the channels.

    Raises
    ------
    InvalidParameterError
        If the network does not begin with such a convolution.

    References
    ----------
    R. Wightman, PyTorch Image Models, 2019, ``adapt_input_conv``: weights repeated
    over the channels, and their sum for one channel.
    """
    if getattr(network, "transform_input", False):
        # The two Inception networks bring RGB to this scale themselves.
        network.transform_input = False  # type: ignore[assignment]
        half = (0.5,) * _RGB
        preprocessing = replace(preprocessing, mean=half, std=half)
    widened = with_channels(preprocessing, in_channels)
    convolution = first_convolution(network, in_channels)
    if convolution is None or preprocessing.channels != _RGB:
        expected = (
            f"{preprocessing.channels}: this network does not begin with a convolution "
            "over red, green and blue"
        )
        raise InvalidParameterError(describe("in_channels", in_channels, expected))
    if convolution.in_channels == in_channels:
        return widened
    with torch.no_grad():
        if random_state is not None:
            _redraw(convolution, in_channels, random_state)
        elif in_channels == 1:
            _add_up(convolution, preprocessing, widened)
        else:
            _repeat(convolution, in_channels)
    convolution.in_channels = in_channels
    return widened


def first_convolution(network: nn.Module, in_channels: int) -> nn.Conv2d | None:
    """Find the convolution that takes the images: over RGB, or so many channels."""
    for module in network.modules():
        if not isinstance(module, nn.Conv2d) or module.groups != 1:
            continue
        if module.in_channels in (_RGB, in_channels):
            return module
    return None


def _repeat(convolution: nn.Conv2d, in_channels: int) -> None:
    turns = torch.arange(in_channels) % _RGB
    convolution.weight = nn.Parameter(
        convolution.weight[:, turns.to(convolution.weight.device)]
        * (_RGB / in_channels)
    )


def _add_up(convolution: Any, rgb: Preprocessing, grey: Preprocessing) -> None:
    """Add the channels up so that a grey image gives what it gives as RGB."""
    weight = convolution.weight

    def over_channels(values: tuple[float, ...]) -> Tensor:
        return torch.tensor(values, device=weight.device).view(1, _RGB, 1, 1)

    per_unit = weight / over_channels(rgb.std)
    offset = per_unit * (grey.mean[0] - over_channels(rgb.mean))
    bias = offset.sum(dim=(1, 2, 3))
    convolution.weight = nn.Parameter(per_unit.sum(dim=1, keepdim=True) * grey.std[0])
    if convolution.bias is not None:
        bias = convolution.bias + bias
    if bias.is_meta or bool(bias.any()):
        convolution.bias = nn.Parameter(bias)


def _redraw(convolution: nn.Conv2d, in_channels: int, random_state: int) -> None:
    old = convolution.weight
    size = (old.shape[0], in_channels, *old.shape[2:])
    std = float(old.std()) * (_RGB / in_channels) ** 0.5
    generator = torch.Generator().manual_seed(random_state)
    convolution.weight = nn.Parameter(torch.randn(size, generator=generator) * std)
