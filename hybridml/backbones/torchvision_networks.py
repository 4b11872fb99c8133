"""Building torchvision's networks untrained, so that their published files fit."""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from collections.abc import MutableMapping
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torchvision.models import MNASNet, SqueezeNet, get_model

# The published weights of these two were made for input that the network rescales
# itself, and hold the auxiliary classifiers.
_AUXILIARY = {"transform_input": True, "aux_logits": True, "init_weights": True}
_OPTIONS: dict[str, dict[str, Any]] = {
    "googlenet": _AUXILIARY,
    "inception_v3": _AUXILIARY,
    "vit_h_14": {"image_size": 518},
}
_MNASNET_WIDTHS = {
    "mnasnet0_5": 0.5,
    "mnasnet0_75": 0.75,
    "mnasnet1_0": 1.0,
    "mnasnet1_3": 1.3,
}
_DENSENET_OLD_NAME = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.(?=[12]\.)")


def build_network(name: str, n_classes: int) -> nn.Module:
    """Build a torchvision network with random weights.

    Parameters
    ----------
    name : str
        As in `torchvision.models.list_models`.
    n_classes : int
        Length of the output.

    Returns
    -------
    network : nn.Module
        Its state dict has torchvision's names. A vision transformer takes on the image
        size of the weights that are loaded into it.
    """
    if name.startswith("squeezenet"):
        return _SqueezeNet(name.removeprefix("squeezenet"), num_classes=n_classes)
    if name in _MNASNET_WIDTHS:
        return _MNASNet(_MNASNET_WIDTHS[name], num_classes=n_classes)
    options = {"num_classes": n_classes, **_OPTIONS.get(name, {})}
    with _CountOnHost() if name.startswith("regnet") else nullcontext():
        network: nn.Module = get_model(name, weights=None, **options)
    if name.startswith("vit"):
        _prepare_vision_transformer(network)
    if name.startswith("densenet"):
        network.register_load_state_dict_pre_hook(_take_old_names)
    return network


def rename_old_keys(state: MutableMapping[str, Tensor]) -> None:
    """Give the parameters of DenseNet's published files their present names, in place.

    Examples
    --------
    >>> state = {"features.denseblock1.denselayer1.norm.1.weight": None}
    >>> rename_old_keys(state)
    >>> list(state)
    ['features.denseblock1.denselayer1.norm1.weight']
    """
    for name in list(state):
        state[_DENSENET_OLD_NAME.sub(r"\1", name)] = state.pop(name)


class _SqueezeNet(SqueezeNet):
    """SqueezeNet with its last features as a vector, which the paper's has not.

    The logits are a convolution that is pooled afterwards. ``pooled`` is a side branch:
    it has no parameters and changes no output.
    """

    def __init__(self, version: str, num_classes: int) -> None:
        super().__init__(version, num_classes=num_classes)
        self.pooled = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())

    def forward(self, x: Tensor) -> Tensor:
        maps = self.features(x)
        self.pooled(maps)
        return torch.flatten(self.classifier(maps), 1)


class _MNASNet(MNASNet):
    """MNASNet that also takes a state dict without the version number of its layout."""

    def _load_from_state_dict(
        self, state_dict: Any, prefix: str, local_metadata: Any, *args: Any
    ) -> None:
        versioned = {"version": self._version, **local_metadata}
        super()._load_from_state_dict(state_dict, prefix, versioned, *args)


class _CountOnHost(TorchFunctionMode):
    """Keep the tensors from which RegNet reads its widths and depths on the CPU.

    Only matters under ``torch.device("meta")``, where there are no values to read.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        options = kwargs or {}
        if func in (torch.arange, torch.tensor):
            options = {"device": "cpu", **options}
        return func(*args, **options)


def _prepare_vision_transformer(network: Any) -> None:
    """Name the class token, and let weights for another image size in."""
    named = OrderedDict[str, nn.Module](
        class_token=nn.Identity(), head=network.heads.head
    )
    network.heads = nn.Sequential(named)
    network.register_load_state_dict_pre_hook(_take_size_of_weights)


def _take_size_of_weights(
    network: Any, state: MutableMapping[str, Tensor], prefix: str, *_: Any
) -> None:
    """Resize a vision transformer to the positions in a state dict."""
    old = network.encoder.pos_embedding
    new = state.get(f"{prefix}encoder.pos_embedding", old)
    if new.ndim != 3 or new.shape[2] != old.shape[2] or new.shape == old.shape:
        return
    network.seq_length = new.shape[1]
    network.image_size = math.isqrt(new.shape[1] - 1) * network.patch_size
    network.encoder.pos_embedding = nn.Parameter(old.new_empty(new.shape))


def _take_old_names(_network: Any, state: MutableMapping[str, Tensor], *_: Any) -> None:
    rename_old_keys(state)
