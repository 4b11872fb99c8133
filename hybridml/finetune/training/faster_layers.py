"""Layers that compute the same with less work while a model trains on a CPU."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from hybridml.backbones.module_calls import ModuleCalls
from hybridml.backbones.norm_act import activations_of_norms

# Those whose gradient is computed from the input.
_IN_PLACE = (nn.ReLU6, nn.SiLU, nn.Hardswish)


@contextmanager
def faster_layers(model: nn.Module, *, applies: bool, autocast: bool) -> Iterator[None]:
    """Exchange what some layers of a model do for a while.

    A convolution with a batch norm right behind it takes the norm's scale into its
    weights, as long as the norm keeps its statistics (in evaluation mode) and the maps
    are larger than the weights: maps are written and read less often, both ways, and
    gradients reach the same parameters.

    Activations that work in place let PyTorch copy their input first, to know the
    gradient later. Right behind a convolution or a norm, where nothing else reads what
    they change, they no longer work in place; ReLU6, whose output tells as much, still
    does, without the copy, where its output is not changed later.

    PyTorch's CPU library has a fast bfloat16 backward pass for depthwise convolutions
    of 3 x 3 and stride 1 only; others take 2 to 60 times as long as in float32, and
    EfficientNets consist of them. These stay out of autocast.

    Parameters
    ----------
    model : nn.Module
        Changed while the context is open, and as it was afterwards; parameters and
        buffers are the same modules' as ever.
    applies : bool
        False leaves the model alone: it is not on a CPU.
    autocast : bool
        Whether the passes run in bfloat16.
    """
    if not applies:
        yield
        return
    exchanged = _Exchanged()
    try:
        calls = ModuleCalls(model)
        pairs = calls.convolutions_with_norms()
        only_read = set(calls.only_read())
        alone = [*calls.alone_behind_convolutions(), *activations_of_norms(model)]
        for convolution, norm in pairs:
            exchanged.become(_FasterConv2d, convolution, norm=(norm,))
            exchanged.become(_FoldedBatchNorm2d, norm)
        for module in alone:
            if type(module) not in _IN_PLACE or not getattr(module, "inplace", False):
                continue
            if type(module) is nn.ReLU6 and module in only_read:
                exchanged.become(_FasterReLU6, module)
            else:
                exchanged.become(type(module), module, inplace=False)
        for module in model.modules():
            if autocast and _is_slow_in_bfloat16(module):
                exchanged.become(_FasterConv2d, module, in_float32=True)
        yield
    finally:
        exchanged.undo()


class _Exchanged:
    """Modules that are of another kind for a while, and what they were."""

    def __init__(self) -> None:
        self._undoing: list[tuple[nn.Module, type[nn.Module], dict[str, Any]]] = []

    def become(
        self, kind: type[nn.Module], module: nn.Module, **attributes: Any
    ) -> None:
        """Let a module be of another kind, with attributes of its own."""
        own = {name: module.__dict__.get(name) for name in attributes}
        self._undoing.append((module, type(module), own))
        module.__class__ = kind
        module.__dict__.update(attributes)  # past the registration of submodules

    def undo(self) -> None:
        """Make all as it was."""
        for module, kind, own in reversed(self._undoing):
            module.__class__ = kind
            for name, value in own.items():
                if value is None:
                    del module.__dict__[name]
                else:
                    module.__dict__[name] = value


class _FasterConv2d(nn.Conv2d):
    in_float32 = False
    norm: tuple[nn.BatchNorm2d, ...] = ()

    def forward(self, maps: Tensor) -> Tensor:
        if not self.in_float32:
            return self._convolved(maps)
        with torch.autocast("cpu", enabled=False):
            return self._convolved(maps.float())

    def _convolved(self, maps: Tensor) -> Tensor:
        if not self.norm or self.norm[0].training:
            return super().forward(maps)
        (norm,) = self.norm
        if not self._is_worth_folding(maps):
            return nn.BatchNorm2d.forward(norm, super().forward(maps))
        scale, shift = _scale_and_shift(norm)
        weight = self.weight * scale.view(-1, 1, 1, 1)
        if self.bias is not None:
            shift = shift + self.bias * scale
        output: Tensor
        if not torch.is_autocast_enabled("cpu"):
            output = self._conv_forward(maps, weight, shift)
            return output
        # Added in float32: rounded to bfloat16 it would shift a whole channel.
        output = self._conv_forward(maps, weight, None)
        return output.add_(shift.view(-1, 1, 1))

    def _is_worth_folding(self, maps: Tensor) -> bool:
        """Whether the maps to come are larger than the weights that are rewritten."""
        n_pixels = maps.shape[2] * maps.shape[3] / math.prod(self.stride)
        n_outputs = len(maps) * self.out_channels * n_pixels
        return n_outputs > 2 * self.weight.numel()


class _FoldedBatchNorm2d(nn.BatchNorm2d):
    def forward(self, maps: Tensor) -> Tensor:
        return super().forward(maps) if self.training else maps


class _FasterReLU6(nn.ReLU6):
    def forward(self, maps: Tensor) -> Tensor:
        clipped: Tensor = _ClipInPlace.apply(maps)
        return clipped


class _ClipInPlace(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, maps: Tensor) -> Tensor:
        ctx.mark_dirty(maps.clamp_(0, 6))
        ctx.save_for_backward(maps)
        return maps

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (clipped,) = ctx.saved_tensors
        (gradient,) = gradients
        passed: Tensor = torch.ops.aten.hardtanh_backward(gradient, clipped, 0.0, 6.0)
        return passed


def _scale_and_shift(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    mean, variance = norm.get_buffer("running_mean"), norm.get_buffer("running_var")
    scale = torch.rsqrt(variance + norm.eps)
    if norm.weight is not None:
        scale = norm.weight * scale
    shift = -mean * scale
    return scale, shift if norm.bias is None else shift + norm.bias


def _is_slow_in_bfloat16(module: nn.Module) -> bool:
    if type(module) not in (nn.Conv2d, _FasterConv2d):
        return False
    assert isinstance(module, nn.Conv2d)
    is_depthwise = module.groups == module.in_channels > 1
    return is_depthwise and (module.kernel_size, module.stride) != ((3, 3), (1, 1))
