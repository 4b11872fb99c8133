"""TensorFlow's "same" padding of convolutions with stride 2, in a form PyTorch runs."""

from __future__ import annotations

from torch import Tensor, fx
from torch.nn.functional import pad


@fx.wrap
def pad_same(maps: Tensor, kernel_size: int) -> Tensor:
    """Pad for a convolution of stride 2 as TensorFlow does, more below and right.

    One node of the traced graph, so that the graph serves images of every size.

    Parameters
    ----------
    maps : Tensor of shape (n, channels, height, width)
    kernel_size : int
        Odd, at least 3.

    Returns
    -------
    padded : Tensor
        Large enough for ceil(height / 2) by ceil(width / 2) outputs.
    """
    height, width = maps.shape[-2:]
    (top, bottom), (left, right) = (
        _before_after(side, kernel_size) for side in (height, width)
    )
    return pad(maps, [left, right, top, bottom])


def as_symmetric(weight: Tensor, side: int) -> tuple[Tensor, int]:
    """Turn a convolution after `pad_same` into one that pads all edges alike.

    Where more is padded below and right, the kernel gets zeros above and left for the
    difference: the same products are summed, and no padded copy of the maps is made.

    Parameters
    ----------
    weight : Tensor of shape (n_out, n_in, kernel_size, kernel_size)
        Of a convolution of stride 2.
    side : int
        Height and width of the maps before padding.

    Returns
    -------
    weight : Tensor of shape (n_out, n_in, size, size)
        A size of `kernel_size` or one more.
    padding : int
        For every edge.

    Examples
    --------
    >>> import torch
    >>> weight, padding = as_symmetric(torch.ones(1, 1, 3, 3), side=4)
    >>> weight[0, 0, 0].tolist(), padding
    ([0.0, 0.0, 0.0, 0.0], 1)
    """
    before, after = _before_after(side, weight.shape[-1])
    zeros = after - before
    return pad(weight, [zeros, 0, zeros, 0]), after


def _before_after(side: int, kernel_size: int) -> tuple[int, int]:
    total = kernel_size - 2 + side % 2
    return total // 2, total - total // 2
