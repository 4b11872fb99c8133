"""A fine-tuned backbone with its head: predicts, and pickles without code."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load, save

from hybridml.backbones.network import Network
from hybridml.backbones.precision import resolve_device, resolve_precision
from hybridml.backbones.registry import get_backbone
from hybridml.backbones.spec import Preprocessing
from hybridml.backbones.weights import LoadedNetwork, digest_state
from hybridml.features.extraction import Request, extract
from hybridml.finetune.probe import LinearHead


class TunedNetwork:
    """A network whose weights are its own, and a linear head on its last features.

    Pickled as the backbone's name, its weights (safetensors) and the head.
    """

    def __init__(self, network: Network, head: LinearHead, precision: str) -> None:
        self.network = network
        self.head = head
        self._precision = precision  # as asked for, to be resolved where it is loaded

    def predict_proba(
        self, images: npt.NDArray[Any], *, batch_size: int, n_threads: int | None
    ) -> npt.NDArray[np.float32]:
        """Class probabilities of shape (n_images, n_classes), float32."""
        request = Request(self.network, self.network.stages[-2], "mean")
        features = extract(
            images, request, store=None, batch_size=batch_size, n_threads=n_threads
        )
        return self.head.predict_proba(features)

    def __getstate__(self) -> dict[str, Any]:
        module = self.network.trainable_copy()
        state = {name: v.contiguous() for name, v in module.state_dict().items()}
        return {
            "backbone": self.network.backbone.name,
            "weights": save(state),
            "preprocessing": self.network.preprocessing,
            "precision": self._precision,
            "head": self.head,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        backbone = get_backbone(state["backbone"])
        module = backbone.build(backbone.n_classes)
        module.load_state_dict(load(state["weights"]))
        self.network = tuned(
            backbone.name, module, state["preprocessing"], "auto", state["precision"]
        )
        self.head = state["head"]
        self._precision = state["precision"]


def tuned(
    backbone: str,
    module: torch.nn.Module,
    preprocessing: Preprocessing,
    device: str,
    precision: str,
) -> Network:
    """Wrap a trained module as a network that gives features."""
    module.eval().requires_grad_(False)
    loaded = LoadedNetwork(module, digest_state(module), preprocessing)
    on_device = resolve_device(device)
    runs_in = resolve_precision(precision, on_device)
    return Network(get_backbone(backbone), loaded, preprocessing, on_device, runs_in)
