"""The network that is trained: the trunk of a backbone and a new linear head."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from hybridml.backbones.cutting import cut_at, to_channels_last
from hybridml.backbones.network import Network
from hybridml.finetune.probe import LinearHead, choose_probe, fit_probe
from hybridml.finetune.training_data import TrainingData


class Model(nn.Module):
    """A trunk that ends in the penultimate features, and a linear head on them."""

    def __init__(self, trunk: nn.Module, node: str, head: nn.Linear, dropout: float):
        super().__init__()
        self.trunk = trunk
        self.node = node
        self.dropout = nn.Dropout(dropout)
        self.head = head

    def forward(self, images: Tensor) -> Tensor:
        """Class scores of shape (n, n_classes) of normalised images."""
        features = self.trunk(images)[self.node].flatten(1)
        scores: Tensor = self.head(self.dropout(features))
        return scores

    def on(self, device: torch.device) -> Self:
        """Move to a device, and into the memory layout that convolutions prefer."""
        return to_channels_last(self.to(device))


def assemble(
    module: nn.Module, network: Network, n_classes: int, dropout: float
) -> Model:
    """Put a new head on the trunk of a network.

    Parameters
    ----------
    module : nn.Module
        The whole network; its parameters are shared with the result.
    network : Network
        That the module is a copy of.
    n_classes : int
        Number of outputs of the head.
    dropout : float
        Before the head.
    """
    penultimate = network.find("penultimate")
    head = nn.Linear(network.n_features(penultimate, "mean"), n_classes)
    return Model(cut_at(module, (penultimate,)), penultimate.node, head, dropout)


def start_from_probe(
    head: nn.Linear, features: npt.NDArray[np.float32], data: TrainingData
) -> LinearHead:
    """Let a head start as the linear probe of the images that are not held out.

    Parameters
    ----------
    head : nn.Linear
        Changed in place.
    features : ndarray of shape (n_images, n_features), float32
        Of all the images, from the frozen network.
    data : TrainingData

    Returns
    -------
    probe : LinearHead
        The same probe, fitted on all the images.
    """
    targets, weights = data.targets.numpy(), data.weights.numpy().astype(np.float64)
    start, c = choose_probe(features, targets, data.held_out, sample_weight=weights)
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(start.weight))
        head.bias.copy_(torch.from_numpy(start.bias))
    return fit_probe(features, targets, weights, c)
