from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hybridml.exceptions import ImageDecodeError
from hybridml.images.arrays import array_to_pil, scale_to_uint8


@pytest.mark.parametrize(
    "dtype", ["uint8", "uint16", ">u2", "bool", "float16", "float32", "float64"]
)
def test_black_and_white_of_every_dtype_are_0_and_255(dtype: str) -> None:
    top = np.iinfo(dtype).max if np.dtype(dtype).kind == "u" else 1
    pixels = np.array([[0, top]]).astype(dtype)
    assert scale_to_uint8(pixels).tolist() == [[0, 255]]


def test_16_bit_values_are_divided_by_257_and_rounded() -> None:
    values = np.arange(65536, dtype=np.uint16)[None]
    expected = np.rint(values / 257).astype(np.uint8)
    assert np.array_equal(scale_to_uint8(values), expected)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_bring_back_the_bytes_they_came_from(dtype: str) -> None:
    pixels = np.arange(256, dtype=np.uint8)[None]
    assert np.array_equal(scale_to_uint8((pixels / 255).astype(dtype)), pixels)


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros((2, 2), dtype=np.int64), "dtype is int64; expected uint8"),
        (np.zeros((2, 2), dtype=object), "dtype is object"),
        (np.full((2, 2), 255.0), r"floats run from 255 to 255; expected \[0, 1\]"),
        (np.array([[0.5, -0.1]]), "floats run from -0.1 to 0.5"),
        (np.array([[0.5, np.nan]]), "holds NaN or infinity"),
        (np.array([[0.5, np.inf]]), "holds NaN or infinity"),
        (np.zeros(4, dtype=np.uint8), r"shape is \(4,\)"),
        (np.zeros((4, 4, 2), dtype=np.uint8), r"shape is \(4, 4, 2\)"),
        (np.zeros((3, 9, 9), dtype=np.uint8), "the channels come first"),
        (np.zeros((0, 4, 3), dtype=np.uint8), "it has no pixels"),
        (np.zeros((4, 0)), "it has no pixels"),
    ],
)
def test_other_arrays_are_refused_with_the_reason(array: Any, reason: str) -> None:
    with pytest.raises(ImageDecodeError, match=reason):
        array_to_pil(array)


def test_views_in_any_memory_order_are_read_right(noise: Callable[..., Any]) -> None:
    pixels = noise(6, 9, 3)
    view = np.asfortranarray(pixels)[::-1, ::2]
    assert np.array_equal(np.asarray(array_to_pil(view)), pixels[::-1, ::2])
