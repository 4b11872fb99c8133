"""Resizing, cropping and normalising in the graph, pixel by pixel as in the library.

Resizing is two matrix products, whose weights the graph computes from the size of the
images. They are rounded to whole numbers as PyTorch (and, with more digits, Pillow)
rounds them, and so are the pixels between the two: the result is the same, bit for bit.
Float64 holds the sums exactly.
"""

from __future__ import annotations

import numpy as np

from hybridml.backbones.spec import Preprocessing
from hybridml.exporting.graph import Graph, Value

_RADIUS = {"bilinear": 1.0, "bicubic": 2.0}  # of the kernels, in pixels
_CUBIC = -0.5
_MOST_DIGITS, _TOO_LARGE = 22, 2.0**15  # weights are to fit into 16 bits


def preprocess(graph: Graph, images: Value, preprocessing: Preprocessing) -> Value:
    """Turn images of one size into the input of a network.

    Parameters
    ----------
    graph : Graph
    images : Value of shape (n, height, width, channels), uint8
    preprocessing : Preprocessing

    Returns
    -------
    ready : Value of shape (n, channels, crop, crop), float32
    """
    shape = images.op("Shape")
    sides = [shape.take(np.int64(axis)) for axis in (1, 2)]
    shorter = sides[0].op("Min", sides[1])
    down, across = (
        _Resizing(graph, side, side * np.int64(preprocessing.resize) / shorter, by)
        for side, by in zip(sides, [preprocessing.interpolation] * 2, strict=True)
    )
    pixels = images.transpose(0, 3, 1, 2).cast(np.float64)
    rows = across.rounded(pixels @ across.weights(preprocessing.crop).transpose(1, 0))
    square = down.rounded(down.weights(preprocessing.crop) @ rows)
    return _normalise(square.cast(np.float32), preprocessing)


def _normalise(pixels: Value, preprocessing: Preprocessing) -> Value:
    mean, std = (
        (np.array(values, dtype=np.float32) * np.float32(255)).reshape(1, -1, 1, 1)
        for values in (preprocessing.mean, preprocessing.std)
    )
    return (pixels - mean) / std


class _Resizing:
    """Antialiased resizing along one side, as PyTorch does it with 8-bit pixels.

    Parameters
    ----------
    graph : Graph
    side, resized : Value, int64
        Its length before and after.
    interpolation : {"bilinear", "bicubic"}
    """

    def __init__(
        self, graph: Graph, side: Value, resized: Value, interpolation: str
    ) -> None:
        self._graph, self._side, self._resized = graph, side, resized
        scale = side.cast(np.float64) / resized.cast(np.float64)
        stretch = scale.op("Max", 1.0)
        reach = stretch * _RADIUS[interpolation]
        n_taps = reach.cast(np.float32).op("Ceil").cast(np.int64) * 2 + 1
        centre = (self._range(resized).cast(np.float64) + 0.5) * scale
        first = (centre - reach + 0.5).op("Floor").op("Max", 0.0)
        behind = (centre + reach + 0.5).op("Floor").op("Min", side.cast(np.float64))
        self._first = first.cast(np.int64).reshape(-1, 1)
        self._count = (behind - first).cast(np.int64).reshape(-1, 1)
        self._count = self._count.op("Min", n_taps)
        tap = self._range(n_taps).reshape(1, -1)
        distance = (self._first + tap).cast(np.float64) - centre.reshape(-1, 1) + 0.5
        kernel = _KERNELS[interpolation](distance * (graph.constant(1.0) / stretch))
        kernel = (tap < self._count).op("Where", kernel, 0.0)
        self._taps = self._to_whole_numbers(kernel / kernel.sum(1))

    def weights(self, crop: int) -> Value:
        """Give the matrix of shape (crop, side) for a part from the middle, float64.

        Rows that lie outside of the image are zero.
        """
        spare = (self._resized - np.int64(crop)).cast(np.float64) * 0.5
        # torchvision rounds the two cases differently.
        start = (spare < 0.0).op("Where", spare.op("Ceil"), spare.op("Round"))
        row = self._range(np.int64(crop)) + start.cast(np.int64)
        last = self._resized - np.int64(1)
        within = row.op("Max", np.int64(0)).op("Min", last)
        is_inside = row.op("Equal", within).reshape(-1, 1)
        first, count, taps = (
            each.take(within) for each in (self._first, self._count, self._taps)
        )
        tap = self._range(self._side).reshape(1, -1) - first
        is_tapped = (tap > np.int64(-1)) & (tap < count) & is_inside
        tap = is_tapped.op("Where", tap, np.int64(0))
        return is_tapped.op("Where", taps.op("GatherElements", tap, axis=1), 0.0)

    def rounded(self, sums: Value) -> Value:
        """Bring sums of pixels by weights back to the scale of pixels, and round."""
        return (sums / self._unit + 0.5).op("Floor").clip(0.0, 255.0)

    def _to_whole_numbers(self, weights: Value) -> Value:
        """Scale weights by the largest power of two with which they fit, and round."""
        powers = 2.0 ** np.arange(_MOST_DIGITS + 1)
        largest = weights.op("ReduceMax", keepdims=0)
        fits = (largest * powers[1:] + 0.5).op("Floor") < _TOO_LARGE
        n_digits = fits.cast(np.int64).op("ReduceSum", keepdims=0)
        self._unit = self._graph.constant(powers).take(n_digits)
        scaled = weights * self._unit
        return scaled.op("Sign") * (scaled.op("Abs") + 0.5).op("Floor")

    def _range(self, length: Value | np.int64) -> Value:
        return self._graph.op("Range", np.int64(0), length, np.int64(1))


def _triangle(distance: Value) -> Value:
    x = distance.op("Abs")
    return (-x + 1.0).op("Max", 0.0)


def _cubic(distance: Value) -> Value:
    """Keys' kernel; PyTorch's own form of it."""
    x, a = distance.op("Abs"), _CUBIC
    near = (x * (a + 2) - (a + 3)) * x * x + 1.0
    far = ((x * a - 5 * a) * x + 8 * a) * x - 4 * a
    return (x < 1.0).op("Where", near, (x < 2.0).op("Where", far, 0.0))


_KERNELS = {"bilinear": _triangle, "bicubic": _cubic}
