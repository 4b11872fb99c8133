"""A fine-tuned backbone with its head: predicts, and is kept without code."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load, save
from torch import nn

from hybridml.backbones.cutting import cut_at
from hybridml.backbones.input_channels import widen_input
from hybridml.backbones.network import Network
from hybridml.backbones.precision import (
    reachable_device,
    resolve_device,
    resolve_precision,
)
from hybridml.backbones.registry import get_backbone
from hybridml.backbones.spec import Backbone, Preprocessing, Stage
from hybridml.backbones.weights import LoadedNetwork, digest_state
from hybridml.exceptions import WeightsError
from hybridml.features.extraction import extract
from hybridml.features.request import make_request
from hybridml.finetune.feeding.pixels import Pixels
from hybridml.finetune.learning.probe import LinearHead
from hybridml.images.views import view_batch

_TRUNK, _HEAD = "trunk.", "head."


class TunedNetwork:
    """A network whose weights are its own, and a linear head on its last features.

    Kept as the backbone's name, the weights of its trunk and its head (safetensors).
    Where the device it was trained on is out of reach, it is loaded onto another.

    Parameters
    ----------
    backbone : Backbone
    module : nn.Module
        The whole trained network, on the CPU; it is not trained further.
    preprocessing : Preprocessing
    head : LinearHead
        On the features.
    stage : Stage
        Where the trunk ends.
    pooling : str
        How the stage's output becomes features.
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
        stage: Stage,
        pooling: str,
        device: str,
        precision: str,
    ) -> None:
        self.head = head
        self._asked = (device, precision)
        self._end = (stage, pooling)
        module.eval().requires_grad_(False)
        loaded = LoadedNetwork(module, digest_state(module), preprocessing)
        on = resolve_device(device)
        runs_in = resolve_precision(precision, on)
        self.network = Network(backbone, loaded, preprocessing, on, runs_in)

    def outputs(
        self,
        images: npt.NDArray[Any],
        *,
        n_views: int = 1,
        batch_size: int = 64,
        n_jobs: int | None = None,
    ) -> npt.NDArray[np.float64]:
        """Compute what the head gives, of shape (n_images, n_outputs).

        Parameters
        ----------
        images : ndarray of shape (n_images, ...)
        n_views : int, default=1
            Crops and mirror images of each, over which the mean is taken; see
            `hybridml.images.views`.
        batch_size : int, default=64
        n_jobs : int or None, default=None
            Threads; None for one a core.
        """
        if n_views == 1:
            stage, pooling = self._end
            request = make_request(self.network, stage.name, pooling)
            features = extract(
                images, request, store=None, batch_size=batch_size, n_jobs=n_jobs
            )
            return self.head.scores(features)
        starts = range(0, len(images), batch_size)
        parts = [
            self._outputs_of_views(images[i : i + batch_size], n_views, n_jobs)
            for i in starts
        ]
        return np.concatenate([self.head.scores(self._no_features()), *parts])

    def _outputs_of_views(
        self, images: npt.NDArray[Any], n_views: int, n_jobs: int | None
    ) -> npt.NDArray[np.float64]:
        preprocessing, (stage, pooling) = self.network.preprocessing, self._end
        pixels = Pixels(images, preprocessing, n_jobs=n_jobs).take(range(len(images)))
        views = view_batch(pixels, n_views=n_views, crop=preprocessing.crop)
        found = []
        for view in views:
            squares = view.permute(0, 2, 3, 1).contiguous().to(torch.uint8).numpy()
            features = self.network.features(squares, (stage,), pooling)
            found.append(self.head.scores(features[stage.name]))
        return np.asarray(np.mean(found, axis=0))

    def _no_features(self) -> npt.NDArray[np.float32]:
        return np.empty((0, self.head.weight.shape[1]), dtype=np.float32)

    def trunk_state(self) -> dict[str, torch.Tensor]:
        """Weights that the predictions depend on, float32 on the CPU, by name."""
        trunk = cut_at(self.network.trainable_copy(), (self._end[0],))
        return {name: v.contiguous() for name, v in trunk.state_dict().items()}

    def tensors(self) -> dict[str, torch.Tensor]:
        """All its weights by name, those of the head included."""
        head = {
            "weight": torch.from_numpy(self.head.weight).contiguous(),
            "bias": torch.from_numpy(self.head.bias).contiguous(),
        }
        trunk = {f"{_TRUNK}{name}": v for name, v in self.trunk_state().items()}
        return {**trunk, **{f"{_HEAD}{name}": v for name, v in head.items()}}

    def description(self) -> dict[str, Any]:
        """All but the weights; in JSON's types where the backbone has a name."""
        backbone, (device, precision) = self.network.backbone, self._asked
        own = self.network.trainable_copy() if backbone.digest else None
        return {
            "backbone": own or backbone.name,
            "preprocessing": dataclasses.asdict(self.network.preprocessing),
            "stage": dataclasses.asdict(self._end[0]),
            "pooling": self._end[1],
            "device": device,
            "precision": precision,
        }

    @classmethod
    def restore(
        cls, description: Mapping[str, Any], tensors: Mapping[str, torch.Tensor]
    ) -> TunedNetwork:
        """Make the network again that gave a description and tensors.

        Raises
        ------
        WeightsError
            If the weights do not fit the backbone of this name.
        """
        backbone = get_backbone(description["backbone"])
        sized = dict(description["preprocessing"])
        sized |= {name: tuple(sized[name]) for name in ("mean", "std")}
        preprocessing, stage = Preprocessing(**sized), Stage(**description["stage"])
        trunk = {
            name.removeprefix(_TRUNK): tensor
            for name, tensor in tensors.items()
            if name.startswith(_TRUNK)
        }
        weight, bias = (
            tensors[f"{_HEAD}{name}"].numpy() for name in ("weight", "bias")
        )
        restored = cls(
            backbone,
            _rebuild(backbone, preprocessing.channels, stage, trunk),
            preprocessing,
            LinearHead(weight, bias),
            stage=stage,
            pooling=description["pooling"],
            device=reachable_device(description["device"]),
            precision=description["precision"],
        )
        restored._asked = (description["device"], description["precision"])
        return restored

    def __getstate__(self) -> dict[str, Any]:
        return {"description": self.description(), "tensors": save(self.tensors())}

    def __setstate__(self, state: dict[str, Any]) -> None:
        restored = self.restore(state["description"], load(state["tensors"]))
        self.__dict__ = restored.__dict__


def _rebuild(
    backbone: Backbone,
    n_channels: int,
    stage: Stage,
    trunk_state: Mapping[str, torch.Tensor],
) -> nn.Module:
    with torch.random.fork_rng(devices=[]):  # what is drawn is replaced, or not used
        module = backbone.build(backbone.n_classes)
    if n_channels != backbone.preprocessing.channels:
        widen_input(module, backbone.preprocessing, n_channels)
    if set(trunk_state) != set(cut_at(module, (stage,)).state_dict()):
        raise WeightsError(
            f"The kept weights do not fit {backbone.name!r}: another network was "
            "registered under this name when it was fitted."
        )
    module.load_state_dict(trunk_state, strict=False)
    return module
