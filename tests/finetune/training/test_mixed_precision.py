from __future__ import annotations

import pytest
import torch
from torch import nn

from hybridml.finetune.training.mixed_precision import float32_where_faster


def depthwise(kernel: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(8, 8, kernel, stride, groups=8)


@pytest.mark.parametrize(
    ("convolution", "dtype"),
    [
        (depthwise(5, 1), torch.float32),
        (depthwise(3, 2), torch.float32),
        (depthwise(3, 1), torch.bfloat16),
        (nn.Conv2d(8, 8, 5), torch.bfloat16),
        (nn.Conv2d(8, 8, 5, groups=2), torch.bfloat16),
    ],
)
def test_only_slow_depthwise_convolutions_leave_autocast(
    convolution: nn.Conv2d, dtype: torch.dtype
) -> None:
    model = nn.Sequential(convolution)
    maps = torch.zeros(1, 8, 9, 9)
    with torch.autocast("cpu", torch.bfloat16):
        with float32_where_faster(model, applies=True):
            assert model(maps).dtype == dtype
        assert model(maps).dtype == torch.bfloat16
        with float32_where_faster(model, applies=False):
            assert model(maps).dtype == torch.bfloat16


def test_the_model_is_as_it_was_after_an_error() -> None:
    model = nn.Sequential(depthwise(5, 1))
    with (
        pytest.raises(RuntimeError, match="stop"),
        float32_where_faster(model, applies=True),
    ):
        raise RuntimeError("stop")
    assert type(model[0]) is nn.Conv2d
