"""How the output at a cut layer becomes one row of features per image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridml._checks import describe, did_you_mean, list_names
from hybridml.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from torch import Tensor

    from hybridml.backbones.spec import Layout

POOLINGS = ("mean", "max", "mean_max", "flatten")


def pool(output: Tensor, layout: Layout, pooling: str) -> Tensor:
    """Turn the output at a cut layer into one vector per image.

    Parameters
    ----------
    output : Tensor of shape (n, ...), floating
        What the network gives at the cut, in the stage's layout.
    layout : {"maps", "maps_last", "tokens", "vector"}
        How to read it; the class token of "tokens" takes no part in the pooling.
    pooling : {"mean", "max", "mean_max", "flatten"}
        Over the spatial positions. A vector is returned as it is.

    Returns
    -------
    features : Tensor of shape (n, n_features), float32
        "mean" and "max" give one number a channel, "mean_max" two, "flatten" all.
    """
    if layout == "vector":
        return output.flatten(1).float()
    maps = as_maps(output, layout).float()
    if pooling == "mean":
        return maps.mean(dim=(2, 3))
    if pooling == "max":
        return maps.amax(dim=(2, 3))
    if pooling == "mean_max":
        import torch

        return torch.cat([maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))], dim=1)
    return maps.flatten(1)


def check_pooling(pooling: object) -> None:
    """Raise `InvalidParameterError` unless `pooling` is known."""
    if pooling not in POOLINGS:
        expected, cure = list_names(POOLINGS), did_you_mean(pooling, POOLINGS)
        raise InvalidParameterError(describe("pooling", pooling, expected, cure))


def as_maps(output: Tensor, layout: Layout) -> Tensor:
    """Bring maps or tokens to the shape (n, channels, height, width)."""
    if layout == "maps_last":
        return output.permute(0, 3, 1, 2)
    if layout == "tokens":
        return output[:, 1:].transpose(1, 2).unsqueeze(-1)
    return output


def layout_of_rank(n_axes: int) -> Layout:
    """Guess the layout of a node that is no declared stage, from its axes."""
    layouts: dict[int, Layout] = {4: "maps", 3: "tokens"}
    return layouts.get(n_axes, "vector")
