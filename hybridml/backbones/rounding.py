"""Rounding a convolution's weights, and taking back in its bias what that shifts."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, fx, nn


@torch.inference_mode()
def correct_biases(
    cut: fx.GraphModule,
    images: Tensor,
    dtype: torch.dtype,
    *,
    but_for: frozenset[str] = frozenset(),
) -> None:
    """Round the weights of all convolutions, and correct their biases for it.

    A weight's rounding error is the same at every position of every image. Behind an
    activation the inputs do not average to zero, so that the errors add up to a shift
    of each channel; its mean over some images is known, and subtracted. The biases
    should then be kept in float32.

    Parameters
    ----------
    cut : fx.GraphModule
        In float32 and evaluation mode, batch norms folded; changed in place.
    images : Tensor of shape (n_images, n_channels, height, width), float32
        Normalised. Over which the inputs are averaged.
    dtype : torch.dtype
        What the weights are rounded to.
    but_for : set of str
        Layers that are left as they are.

    References
    ----------
    Nagel, van Baalen, Blankevoort, Welling, "Data-Free Quantization Through Weight
    Equalization and Bias Correction", 2019, section 4.2.
    """
    for convolution, mean in _mean_inputs(cut, images, but_for).items():
        rounded = convolution.weight.to(dtype).float()
        n_groups = convolution.groups
        # Per output and input channel, summed over the kernel's positions.
        errors = (rounded - convolution.weight).sum(dim=(2, 3))
        by_group = errors.unflatten(0, (n_groups, -1))
        shift = (by_group * mean.view(n_groups, 1, -1)).sum(dim=2).flatten()
        bias = -shift if convolution.bias is None else convolution.bias - shift
        convolution.weight = nn.Parameter(rounded, requires_grad=False)
        convolution.bias = nn.Parameter(bias, requires_grad=False)


def _mean_inputs(
    cut: fx.GraphModule, images: Tensor, but_for: frozenset[str]
) -> dict[nn.Conv2d, Tensor]:
    """Mean of each channel that goes into each convolution, at its first call."""
    means: dict[nn.Conv2d, Tensor] = {}

    def noting(convolution: nn.Conv2d) -> Callable[..., None]:
        def note(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            means.setdefault(convolution, inputs[0].mean(dim=(0, 2, 3)))

        return note

    named = dict(cut.named_modules()).items()
    layers = [layer for name, layer in named if name not in but_for]
    convolutions = [layer for layer in layers if type(layer) is nn.Conv2d]
    hooks = [layer.register_forward_pre_hook(noting(layer)) for layer in convolutions]
    cut(images)
    for hook in hooks:
        hook.remove()
    return means
