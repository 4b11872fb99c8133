"""How the output at a cut layer becomes one row of features per image."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from hybridml._checks import describe, did_you_mean, list_names
from hybridml.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from torch import Tensor

    from hybridml.backbones.spec import Backbone, Layout, Stage

POOLINGS = (
    "mean",
    "max",
    "mean_max",
    "gem",
    "grid2",
    "grid4",
    "class_token",
    "flatten",
)
_GRIDS = {"grid2": 2, "grid4": 4}
_GEM_POWER = 3
_GEM_FLOOR = 1e-6
_LARGE = 2**16  # numbers an image: less is not worth a call


def pool(output: Tensor, stage: Stage, pooling: str) -> Tensor:
    """Turn the output at a cut layer into one vector per image.

    Parameters
    ----------
    output : Tensor of shape (n, ...), floating
        What the network gives at the cut, in the stage's layout.
    stage : Stage
        How to read it. Prefix tokens (the class token) are no spatial positions.
    pooling : str
        How the spatial positions become one row; c is the number of channels. A vector
        is returned as it is.

        - "mean" and "max": c numbers; "mean_max": both, 2 c;
        - "gem": generalised mean, the cube root of the mean cube of the activations,
          those below 1e-6 raised to it; c numbers;
        - "grid2" and "grid4": the means of 2 x 2 or 4 x 4 cells, 4 c or 16 c numbers,
          all the channels of a cell together, cells row by row from the top left. One
          level of the pyramid only: the coarser ones are sums of it;
        - "class_token": the first token, c numbers;
        - "flatten": all, channel by channel.

    Returns
    -------
    features : Tensor of shape (n, n_features), float32

    Raises
    ------
    InvalidParameterError
        If the output has no class token to take, or no rows and columns to divide.

    References
    ----------
    Radenovic, Tolias, Chum, "Fine-tuning CNN Image Retrieval with No Human Annotation",
    2018, section 3.2 (gem). Lazebnik, Schmid, Ponce, "Beyond Bags of Features: Spatial
    Pyramid Matching for Recognizing Natural Scene Categories", 2006, section 3 (grids).
    """
    if stage.layout == "vector":
        return output.flatten(1).float()
    check_fits(stage, pooling, output.shape[1:])
    if pooling == "class_token":
        return output[:, 0].float()
    maps = as_maps(output, stage)
    if pooling == "mean":
        return _mean(maps)
    if pooling == "max":
        return _max(maps)
    if pooling == "mean_max":
        import torch

        return torch.cat([_mean(maps), _max(maps)], dim=1)
    if pooling == "gem":
        return _generalised_mean(maps)
    if pooling in _GRIDS:
        return _means_of_cells(maps, _GRIDS[pooling])
    return maps.float().flatten(1)


def check_pooling(pooling: object) -> None:
    """Raise `InvalidParameterError` unless `pooling` is known."""
    if pooling not in POOLINGS:
        expected, cure = list_names(POOLINGS), did_you_mean(pooling, POOLINGS)
        raise InvalidParameterError(describe("pooling", pooling, expected, cure))


def fits(stage: Stage, pooling: str, shape: Sequence[int]) -> bool:
    """Whether a pooling can be made of a stage.

    Parameters
    ----------
    stage : Stage
    pooling : str
    shape : sequence of int
        Of one image's output, without the batch axis.
    """
    if stage.layout == "vector":
        return True
    if pooling == "class_token":
        return stage.layout == "tokens" and stage.n_prefix_tokens > 0
    is_square = stage.layout != "tokens" or _side(stage, shape[0]) is not None
    return is_square or pooling not in _GRIDS


def check_fits(
    stage: Stage,
    pooling: str,
    shape: Sequence[int],
    *,
    backbone: Backbone | None = None,
) -> None:
    """Raise `InvalidParameterError` unless a pooling can be made of a stage.

    The backbone, where it is given, is named, and with it the stages that would do.
    """
    if fits(stage, pooling, shape):
        return
    of = f" of {backbone.name!r}" if backbone else ""
    where = f"cut_layer={stage.name!r}{of}"
    if pooling == "class_token":
        expected = f"one that {where} allows: it gives no class token"
        stages = backbone.stages if backbone else ()
        names = [s.name for s in stages if s.layout == "tokens" and s.n_prefix_tokens]
        cut = f"Cut at {list_names(names)}, or pass" if names else "Pass"
    else:
        n_positions = shape[0] - stage.n_prefix_tokens
        expected = f"one that {where} allows: its {n_positions} tokens form no square"
        cut = "Pass"
    cure = f"{cut} pooling='mean'."
    raise InvalidParameterError(describe("pooling", pooling, expected, cure))


def as_maps(output: Tensor, stage: Stage) -> Tensor:
    """Bring maps or tokens to the shape (n, channels, height, width).

    Tokens whose number is no square become a single column.
    """
    if stage.layout == "maps_last":
        return output.permute(0, 3, 1, 2)
    if stage.layout == "tokens":
        side = _side(stage, output.shape[1])
        rows = side or output.shape[1] - stage.n_prefix_tokens
        positions = output[:, stage.n_prefix_tokens :].transpose(1, 2)
        return positions.reshape(*positions.shape[:2], rows, side or 1)
    return output


def layout_of_rank(n_axes: int) -> Layout:
    """Guess the layout of a node that is no declared stage, from its axes."""
    layouts: dict[int, Layout] = {4: "maps", 3: "tokens"}
    return layouts.get(n_axes, "vector")


def _side(stage: Stage, n_tokens: int) -> int | None:
    """Rows of the square that the tokens form behind the prefix; None if none."""
    n_positions = n_tokens - stage.n_prefix_tokens
    side = math.isqrt(max(0, n_positions))
    return side if side and side**2 == n_positions else None


def _mean(maps: Tensor) -> Tensor:
    import torch

    if maps.requires_grad:
        from hybridml.backbones.global_means import global_mean

        return _in_turn(maps, global_mean).flatten(1)
    return _in_turn(maps, lambda part: part.mean(dim=(2, 3), dtype=torch.float32))


def _max(maps: Tensor) -> Tensor:
    import torch
    from torch.nn.functional import max_pool2d

    # Converting after the maximum is exact. Where channels are the last axis in memory,
    # pooling is 1.5 to 10 times faster on CPUs than the reduction, which it equals.
    is_last = maps.is_contiguous(memory_format=torch.channels_last)
    if is_last and maps.device.type == "cpu" and not torch.compiler.is_compiling():
        largest: Tensor = max_pool2d(maps, kernel_size=maps.shape[2:])
        return largest.flatten(1).float()
    return maps.amax(dim=(2, 3)).float()


def _generalised_mean(maps: Tensor) -> Tensor:
    import torch

    def mean_power(part: Tensor) -> Tensor:
        copied = part.to(torch.float32, copy=True)
        return copied.clamp_(min=_GEM_FLOOR).pow_(_GEM_POWER).mean(dim=(2, 3))

    means = _in_turn(maps, mean_power)
    if torch.compiler.is_compiling():  # the number of rows is open
        return means.pow(1 / _GEM_POWER)
    # Row by row: the last numbers of an array take another path through the processor
    # than the others, with other last bits, and which are last depends on all the rows.
    roots = [row.pow(1 / _GEM_POWER) for row in means]
    return torch.stack(roots) if roots else means


def _means_of_cells(maps: Tensor, n_rows: int) -> Tensor:
    from torch.nn.functional import adaptive_avg_pool2d

    cells = _in_turn(maps, lambda part: adaptive_avg_pool2d(part.float(), n_rows))
    return cells.permute(0, 2, 3, 1).flatten(1)


def _in_turn(maps: Tensor, reduce: Callable[[Tensor], Tensor]) -> Tensor:
    """Reduce large maps image by image.

    The float32 copy of one image stays in a CPU's cache; that of a batch does not, and
    costs two to ten times as long.
    """
    import torch

    if torch.compiler.is_compiling():  # the number of images is open
        return reduce(maps)
    is_large = math.prod(maps.shape[1:]) >= _LARGE
    if len(maps) < 2 or not is_large or maps.device.type != "cpu":
        return reduce(maps)
    return torch.cat([reduce(part) for part in maps.split(1)])
