"""Convolutions of 3 x 3 with a quarter of the multiplications."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from hybridml.backbones.precision import is_intel

_STEP = 4  # output rows and columns of a tile; it reads two more of each
_READ = _STEP + 2
_N_PRODUCTS = _READ**2
_MAX_NUMBERS = 2**15  # times 36: of a block of tiles, which are to stay in the cache
_MIN_CHANNELS = 128
_MIN_TILES = 32
_MIN_GAIN = 2.5  # multiplications of the plain convolution to those here

# The matrices of F(4 x 4, 3 x 3) for the points 0, 1, -1, 2, -2 and infinity.
_OF_INPUT = torch.tensor(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ],
    dtype=torch.float64,
)
_OF_WEIGHTS = torch.tensor(
    [
        [1 / 4, 0, 0],
        [-1 / 6, -1 / 6, -1 / 6],
        [-1 / 6, 1 / 6, -1 / 6],
        [1 / 24, 1 / 12, 1 / 6],
        [1 / 24, -1 / 12, 1 / 6],
        [0, 0, 1],
    ],
    dtype=torch.float64,
)
_OF_OUTPUT = torch.tensor(
    [
        [1, 1, 1, 1, 1, 0],
        [0, 1, -1, 2, -2, 0],
        [0, 1, 1, 4, 4, 0],
        [0, 1, -1, 8, -8, 1],
    ],
    dtype=torch.float64,
)


def can_use_winograd(convolution: nn.Conv2d, maps: Tensor) -> bool:
    """Whether a convolution of some maps takes less time so.

    That was measured on Intel's processors alone; others are left out.

    Parameters
    ----------
    convolution : nn.Conv2d
    maps : Tensor of shape (n, n_channels, height, width)
    """
    is_plain = (
        convolution.kernel_size == (3, 3)
        and convolution.stride == convolution.dilation == (1, 1)
        and convolution.groups == 1
        and convolution.padding in ((0, 0), (1, 1))
    )
    if not is_plain or maps.dtype != torch.float32 or not is_intel():
        return False
    n_images, n_channels, height, width = maps.shape
    if min(n_channels, convolution.out_channels) < _MIN_CHANNELS:
        return False
    border = 2 * (1 - int(convolution.padding[0]))
    height, width = height - border, width - border
    n_tiles = math.ceil(height / _STEP) * math.ceil(width / _STEP)
    gain = 9 * height * width / (_N_PRODUCTS * n_tiles) if n_tiles else 0
    return gain >= _MIN_GAIN and n_images * n_tiles >= _MIN_TILES


class Winograd:
    """A convolution of 3 x 3 and stride 1 on tiles, as products of small matrices.

    Parameters
    ----------
    weight : Tensor of shape (n_out, n_in, 3, 3), float32
    bias : Tensor of shape (n_out,), float32, or None
    padding : int
        0 or 1, with zeros.
    activation : callable
        Changes maps in place.

    Notes
    -----
    Errors are about a hundred-thousandth of the largest outputs, ten times those of a
    plain convolution in float32. What is not finite fills its whole tile.

    References
    ----------
    A. Lavin, S. Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016
    (after S. Winograd, "Arithmetic Complexity of Computations", SIAM, 1980).
    """

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None,
        padding: int,
        activation: Callable[[Tensor], object],
    ) -> None:
        n_out, n_in = weight.shape[:2]
        of_weights = torch.kron(_OF_WEIGHTS, _OF_WEIGHTS)
        kernels = weight.double().permute(2, 3, 1, 0).reshape(9, -1)
        self._weights = weight.new_empty(_N_PRODUCTS, n_in, n_out)
        for transformed, row in zip(self._weights, of_weights, strict=True):
            transformed.copy_((row @ kernels).view(n_in, n_out))
        self._bias = weight.new_zeros(n_out) if bias is None else bias
        self._padding = padding
        self._activation = activation
        self._of_input = torch.kron(_OF_INPUT, _OF_INPUT).float()
        self._of_output = torch.kron(_OF_OUTPUT, _OF_OUTPUT).float()

    def __call__(self, maps: Tensor) -> Tensor:
        """Convolve maps of shape (n, n_in, height, width), float32."""
        border = 2 * (1 - self._padding)
        n, n_in, height, width = maps.shape
        height, width = height - border, width - border
        rows, columns = -(-height // _STEP), -(-width // _STEP)
        n_out = self._weights.shape[2]
        tiled = maps.new_empty(n, rows * _STEP, columns * _STEP, n_out)
        pixels = maps.permute(0, 2, 3, 1)
        for block in _blocks(n, rows, columns, n_in):
            self._convolve(block, pixels, tiled)
        output = tiled[:, :height, :width].permute(0, 3, 1, 2)
        return output.contiguous(memory_format=torch.channels_last)

    def _convolve(self, block: _Block, pixels: Tensor, tiled: Tensor) -> None:
        """Compute the output of a block of tiles."""
        columns, n_out = tiled.shape[2] // _STEP, tiled.shape[3]
        read = self._read(block, pixels, columns)
        tiles = (block.n_images, block.n_rows, columns)
        products = torch.bmm(
            (self._of_input @ read).view(_N_PRODUCTS, -1, pixels.shape[3]),
            self._weights,
        )
        results = self._of_output @ products.view(_N_PRODUCTS, -1)
        first, last = _STEP * block.row, _STEP * (block.row + block.n_rows)
        output = tiled[block.image : block.image + block.n_images, first:last]
        torch.add(
            results.view(_STEP, _STEP, *tiles, n_out).permute(2, 3, 0, 4, 1, 5),
            self._bias,
            out=output.view(*tiles[:2], _STEP, columns, _STEP, n_out),
        )
        self._activation(output)

    def _read(self, block: _Block, pixels: Tensor, columns: int) -> Tensor:
        """Copy the overlapping tiles of a block: (36, tiles times channels)."""
        _, height, width, n_in = pixels.shape
        first = _STEP * block.row - self._padding
        last = first + _STEP * block.n_rows + 2
        shape = (block.n_images, last - first, _STEP * columns + 2, n_in)
        padded = pixels.new_zeros(shape)
        inside = slice(max(first, 0), min(last, height))
        within = slice(inside.start - first, inside.stop - first)
        across = slice(self._padding, self._padding + width)
        images = slice(block.image, block.image + block.n_images)
        padded[:, within, across] = pixels[images, inside]
        tiles = padded.unfold(1, _READ, _STEP).unfold(2, _READ, _STEP)
        return tiles.permute(4, 5, 0, 1, 2, 3).reshape(_N_PRODUCTS, -1)


class _Block(NamedTuple):
    """Rows of tiles of one image, or all of those of several."""

    image: int
    n_images: int
    row: int
    n_rows: int


def _blocks(n: int, rows: int, columns: int, n_channels: int) -> Iterator[_Block]:
    n_tiles = max(1, _MAX_NUMBERS // n_channels)
    n_images = max(1, n_tiles // (rows * columns))
    n_rows = min(rows, max(1, n_tiles // columns))
    for image in range(0, n, n_images):
        for row in range(0, rows, n_rows):
            yield _Block(image, min(n_images, n - image), row, min(n_rows, rows - row))
