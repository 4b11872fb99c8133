"""The network that is trained: the trunk of a backbone and a new linear head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from hybridml.backbones.cutting import cut_at, to_channels_last
from hybridml.backbones.global_means import with_global_means
from hybridml.backbones.network import Network
from hybridml.backbones.pooling import pool
from hybridml.backbones.separating import separate
from hybridml.backbones.spec import Stage
from hybridml.exceptions import WeightsError
from hybridml.finetune.feeding.training_data import TrainingData
from hybridml.finetune.learning.freezing import freeze_all_but
from hybridml.finetune.learning.probe import LinearHead, choose_probe, fit_probe
from hybridml.finetune.learning.tasks import Task
from hybridml.finetune.learning.trainable import Trainable


class Model(Trainable):
    """A trunk that ends in the last features, and a linear head on them.

    Parameters
    ----------
    trunk : nn.Module
        From the images, or from the output of the frozen part, to the last stage.
    stage : Stage
        Where it ends.
    pooling : str
        How its output becomes one vector per image.
    head : nn.Linear
    dropout : float
        Before the head.
    """

    head: nn.Linear

    def __init__(
        self,
        trunk: nn.Module,
        stage: Stage,
        pooling: str,
        head: nn.Linear,
        dropout: float,
    ) -> None:
        super().__init__()
        self.trunk = trunk
        self.stage = stage
        self.pooling = pooling
        self.dropout = nn.Dropout(dropout)
        self.head = head

    def forward(self, inputs: Tensor) -> Tensor:
        """Compute outputs of shape (n, n_outputs)."""
        features = pool(self.trunk(inputs)[self.stage.node], self.stage, self.pooling)
        scores: Tensor = self.head(self.dropout(features))
        return scores

    def on(self, device: torch.device) -> Self:
        """Move to a device, and into the memory layout that convolutions prefer."""
        return to_channels_last(self.to(device))


@dataclass(frozen=True)
class Assembled:
    """A model, and the part of the network that stays as it is.

    Attributes
    ----------
    model : Model
        What learns; in training mode its parameters with gradients are trained.
    frozen : nn.Module or None
        What comes before it, in the form that runs fast; None where the model begins
        with the images.
    obstacle : str or None
        Why a frozen part is within the model none the less.
    """

    model: Model
    frozen: nn.Module | None
    obstacle: str | None


def assemble(
    module: nn.Module,
    network: Network,
    *,
    trainable: str,
    pooling: str,
    n_outputs: int,
    dropout: float,
) -> Assembled:
    """Put a new head on the trunk of a network, and divide what is frozen from it.

    Parameters
    ----------
    module : nn.Module
        The whole network; its parameters are shared with the model.
    network : Network
        That the module is a copy of.
    trainable : str
        See `freeze_all_but`.
    pooling : str
        Of the last stage, where that is no vector.
    n_outputs : int
        Of the head.
    dropout : float
        Before the head.
    """
    last = last_stage(network)
    freeze_all_but(module, network.backbone, trainable, last)
    parts = separate(cut_at(module, (last,)))
    head = nn.Linear(network.n_features(last, pooling), n_outputs)
    learned = with_global_means(parts.learned)
    model = Model(learned, last, pooling, head, dropout)
    frozen = None if parts.frozen is None else network.make_ready(parts.frozen)
    return Assembled(model, frozen, parts.obstacle)


def last_stage(network: Network) -> Stage:
    """Find the deepest stage before the classes that the weights cover.

    Raises
    ------
    WeightsError
        If they cover none.
    """
    covered = [stage for stage in network.stages if stage.name != "logits"]
    if not covered:
        raise WeightsError(f"The weights cover no stage of {network.backbone.name!r}.")
    return covered[-1]


def fit_probes(
    features: npt.NDArray[np.float32], data: TrainingData, task: Task
) -> tuple[LinearHead, LinearHead]:
    """Fit a linear probe: what the head starts from.

    Parameters
    ----------
    features : ndarray of shape (n_images, n_features), float32
        Of all the images, from the frozen network.
    data : TrainingData
    task : Task

    Returns
    -------
    start : LinearHead
        Fitted on the images that are not held out.
    probe : LinearHead
        The same probe, fitted on all the images.
    """
    targets, weights = data.targets, data.weights
    start, strength = choose_probe(task, features, targets, data.held_out, weights)
    return start, fit_probe(task, features, targets, weights, strength)
