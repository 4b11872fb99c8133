"""A fine-tuned backbone with its head: predicts, and pickles without code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load, save
from torch import nn

from hybridml.backbones.cutting import cut_at
from hybridml.backbones.network import Network
from hybridml.backbones.precision import resolve_device, resolve_precision
from hybridml.backbones.registry import get_backbone
from hybridml.backbones.spec import Backbone, Preprocessing
from hybridml.backbones.weights import LoadedNetwork, digest_state
from hybridml.exceptions import InvalidParameterError, WeightsError
from hybridml.features.extraction import extract
from hybridml.features.request import make_request
from hybridml.finetune.probe import LinearHead


class TunedNetwork:
    """A network whose weights are its own, and a linear head on its last features.

    Pickled as the backbone's name, the weights of its trunk (safetensors) and the head.
    Where the device it was trained on is out of reach, it is loaded onto another.

    Parameters
    ----------
    backbone : Backbone
    module : nn.Module
        The whole trained network, on the CPU; it is not trained further.
    preprocessing : Preprocessing
    head : LinearHead
        On the penultimate features.
    device, precision : str
        As asked for; "auto" is resolved anew where it is loaded.
    """

    def __init__(
        self,
        backbone: Backbone,
        module: nn.Module,
        preprocessing: Preprocessing,
        head: LinearHead,
        *,
        device: str,
        precision: str,
    ) -> None:
        self.head = head
        self._asked = (device, precision)
        module.eval().requires_grad_(False)
        loaded = LoadedNetwork(module, digest_state(module), preprocessing)
        on = resolve_device(device)
        runs_in = resolve_precision(precision, on)
        self.network = Network(backbone, loaded, preprocessing, on, runs_in)

    def predict_proba(
        self, images: npt.NDArray[Any], *, batch_size: int, n_jobs: int | None
    ) -> npt.NDArray[np.float32]:
        """Class probabilities of shape (n_images, n_classes), float32."""
        request = make_request(self.network, "penultimate", "mean")
        features = extract(
            images, request, store=None, batch_size=batch_size, n_jobs=n_jobs
        )
        return self.head.predict_proba(features)

    def trunk_state(self) -> dict[str, torch.Tensor]:
        """Weights that the predictions depend on, float32 on the CPU, by name."""
        trunk = _trunk_of(self.network.trainable_copy(), self.network.backbone)
        return {name: v.contiguous() for name, v in trunk.state_dict().items()}

    def _source(self) -> str | nn.Module:
        """Where the network can be had again: its name, or itself if it has none."""
        backbone = self.network.backbone
        return self.network.trainable_copy() if backbone.digest else backbone.name

    def __getstate__(self) -> dict[str, Any]:
        return {
            "backbone": self._source(),
            "weights": save(self.trunk_state()),
            "preprocessing": self.network.preprocessing,
            "asked": self._asked,
            "head": self.head,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        backbone = get_backbone(state["backbone"])
        module = _rebuild(backbone, load(state["weights"]))
        device, precision = state["asked"]
        restored = TunedNetwork(
            backbone,
            module,
            state["preprocessing"],
            state["head"],
            device=_reachable(device),
            precision=precision,
        )
        self.__dict__ = {**restored.__dict__, "_asked": state["asked"]}


def _rebuild(backbone: Backbone, trunk_state: Mapping[str, torch.Tensor]) -> nn.Module:
    with torch.random.fork_rng(devices=[]):  # what is drawn is replaced, or not used
        module = backbone.build(backbone.n_classes)
    if set(trunk_state) != set(_trunk_of(module, backbone).state_dict()):
        raise WeightsError(
            f"The pickled weights do not fit {backbone.name!r}: another network was "
            "registered under this name when it was fitted."
        )
    module.load_state_dict(trunk_state, strict=False)
    return module


def _trunk_of(module: nn.Module, backbone: Backbone) -> nn.Module:
    return cut_at(module, (backbone.stages[-2],))


def _reachable(device: str) -> str:
    try:
        resolve_device(device)
    except InvalidParameterError:
        return "auto"
    return device
