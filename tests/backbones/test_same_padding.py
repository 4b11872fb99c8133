from __future__ import annotations

import pytest
import torch
from torch.nn.functional import conv2d

from hybridml.backbones.same_padding import as_symmetric, pad_same


@pytest.mark.parametrize("kernel_size", [3, 5, 7])
@pytest.mark.parametrize("side", [8, 9, 16, 31])
def test_symmetric_padding_gives_the_same_maps(kernel_size: int, side: int) -> None:
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(2, 4, side, side, generator=generator, dtype=torch.float64)
    weight = torch.randn(6, 4, kernel_size, kernel_size, generator=generator).double()
    expected = conv2d(pad_same(maps, kernel_size), weight, stride=2)
    larger, padding = as_symmetric(weight, side)
    found = conv2d(maps, larger, stride=2, padding=padding)
    assert found.shape == expected.shape == (2, 6, (side + 1) // 2, (side + 1) // 2)
    torch.testing.assert_close(found, expected)
