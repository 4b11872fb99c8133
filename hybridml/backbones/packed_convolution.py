"""A convolution as oneDNN runs it fastest: packed weights, activation included."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeGuard

import torch
from torch import Tensor, nn

from hybridml.backbones.same_padding import as_symmetric
from hybridml.backbones.winograd import Winograd, can_use_winograd

# By type: the name and the scalars under which oneDNN knows the activation.
activation_of: dict[type[nn.Module], tuple[str, list[float], str]] = {
    nn.ReLU: ("relu", [], ""),
    nn.ReLU6: ("hardtanh", [0.0, 6.0], ""),
    nn.SiLU: ("swish", [], ""),
    nn.Hardswish: ("hardswish", [], ""),
}
_NO_ACTIVATION: tuple[str, list[float], str] = ("none", [], "")
_packing = threading.Lock()


def has_onednn() -> bool:
    """Whether PyTorch offers what `PackedConvolution` is made of.

    These are the operations to which torch.compile lowers convolutions on a CPU.
    """
    return (
        torch.backends.mkldnn.is_available()
        and hasattr(torch.ops.mkldnn, "_convolution_pointwise")
        and hasattr(torch._C._nn, "mkldnn_reorder_conv2d_weight")
    )


def can_pack(layer: nn.Module | None) -> TypeGuard[nn.Conv2d]:
    """Whether a layer is a convolution of the usual kind."""
    return (
        type(layer) is nn.Conv2d
        and layer.padding_mode == "zeros"
        and not isinstance(layer.padding, str)
    )


class PackedConvolution(nn.Module):
    """Stands for a convolution and the activation after it, for input of one shape.

    The weights are put into oneDNN's own order at the first call, for the shape that it
    brings; PyTorch's convolution would reorder them at every call. What takes less time
    as a `Winograd` becomes one.

    Parameters
    ----------
    convolution : nn.Conv2d
        One for which `can_pack` is true; it is not changed.
    activation : nn.Module or None
        Of a type in `activation_of`.

    Attributes
    ----------
    runs : callable or None
        What computes the output, since the first call.
    """

    def __init__(
        self, convolution: nn.Conv2d, activation: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.convolution = convolution
        # Kept in float32 whatever the weights become: its rounding would shift a whole
        # channel. No parameter, so that it is not converted with the others.
        self._bias = None if convolution.bias is None else convolution.bias.detach()
        self._pads_same = False
        self._kind = type(activation) if activation is not None else None
        self.runs: Callable[[Tensor], Tensor] | None = None

    def absorb_same_padding(self) -> bool:
        """Pad as `pad_same` does from now on; False where that is not possible."""
        convolution = self.convolution
        is_plain = convolution.padding == (0, 0) and convolution.stride == (2, 2)
        height, width = convolution.kernel_size
        self._pads_same = is_plain and height == width and height % 2 == 1
        return self._pads_same

    def forward(self, maps: Tensor) -> Tensor:
        """Give the activated output of the convolution."""
        if self.runs is None:
            with _packing:
                self.runs = self.runs or self._packed(maps)
        return self.runs(maps)

    def _packed(self, maps: Tensor) -> Callable[[Tensor], Tensor]:
        convolution = self.convolution
        weight: Tensor = convolution.weight.detach()
        padding: Any = convolution.padding
        if not self._pads_same and can_use_winograd(convolution, maps):
            kind = self._kind
            activation = kind(inplace=True) if kind else nn.Identity()
            return Winograd(weight, self._bias, padding[0], activation)
        if self._pads_same:
            weight, after = as_symmetric(weight, maps.shape[-1])
            padding = (after, after)
        options = (
            padding,
            convolution.stride,
            convolution.dilation,
            convolution.groups,
        )
        reorder: Any = torch._C._nn.mkldnn_reorder_conv2d_weight
        dense = weight.contiguous().to_mkldnn()
        packed: Tensor = reorder(dense, *options, list(maps.shape))
        known_as = activation_of[self._kind] if self._kind else _NO_ACTIVATION

        def convolve(maps: Tensor) -> Tensor:
            output: Tensor = torch.ops.mkldnn._convolution_pointwise(
                maps, packed, self._bias, *options, *known_as
            )
            return output

        return convolve
