"""Which layers train in float32 although the others train in bfloat16: on CPUs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


@contextmanager
def float32_where_faster(model: nn.Module, *, applies: bool) -> Iterator[None]:
    """Let some depthwise convolutions of a model stay out of CPU autocast for a while.

    PyTorch's CPU library has a fast bfloat16 backward pass for depthwise convolutions
    of 3 x 3 and stride 1 only; others take 2 to 60 times as long as in float32, and
    EfficientNets consist of them. Parameters and results are the same modules' as ever.

    Parameters
    ----------
    model : nn.Module
        Changed while the context is open, and as it was afterwards.
    applies : bool
        False leaves the model alone: the pass is in float32, or not on a CPU.
    """
    slow = [m for m in model.modules() if applies and _is_slow_in_bfloat16(m)]
    for module in slow:
        module.__class__ = _Float32Conv2d
    try:
        yield
    finally:
        for module in slow:
            module.__class__ = nn.Conv2d


class _Float32Conv2d(nn.Conv2d):
    def forward(self, maps: Tensor) -> Tensor:
        with torch.autocast("cpu", enabled=False):
            return super().forward(maps.float())


def _is_slow_in_bfloat16(module: nn.Module) -> bool:
    if type(module) is not nn.Conv2d or module.groups == 1:
        return False
    is_depthwise = module.groups == module.in_channels
    return is_depthwise and (module.kernel_size, module.stride) != ((3, 3), (1, 1))
