"""The linear probe that a fine-tuned network's head starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from hybridml._threads import one_blas_thread
from hybridml.finetune.learning.tasks import Task
from hybridml.heads.floored_scaler import FlooredScaler

Floats = npt.NDArray[np.float32]
Floats64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LinearHead:
    """A linear layer: class scores are ``features @ weight.T + bias``.

    Attributes
    ----------
    weight : ndarray of shape (n_classes, n_features), float32
    bias : ndarray of shape (n_classes,), float32
    """

    weight: Floats
    bias: Floats

    @classmethod
    def of(cls, layer: nn.Linear) -> LinearHead:
        """Copy a trained layer."""
        return cls(*(p.detach().cpu().numpy().copy() for p in layer.parameters()))

    def copy_to(self, layer: nn.Linear) -> None:
        """Give a layer its weights."""
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(self.weight))
            layer.bias.copy_(torch.from_numpy(self.bias))

    def scores(self, features: npt.NDArray[np.floating[Any]]) -> Floats64:
        """Compute what the layer gives, (n_images, n_outputs), float64.

        In float64, since sums in float32 depend in their last bits on the row count;
        in one memory layout, since the order of the sums depends on that too.
        """
        weight = np.ascontiguousarray(self.weight, dtype=np.float64)
        rows = np.ascontiguousarray(features, dtype=np.float64)
        return rows @ weight.T + self.bias


def choose_probe(
    task: Task,
    features: Floats,
    targets: Tensor,
    held_out: npt.NDArray[np.intp],
    weights: Tensor,
) -> tuple[LinearHead, float]:
    """Fit a probe on all but the held-out part, its strength chosen on that part.

    Parameters
    ----------
    task : Task
    features : ndarray of shape (n_images, n_features), float32
    targets : Tensor of shape (n_images, ...)
        As the task has them; every class occurs outside the held-out part.
    held_out : ndarray of int
        Positions; may be empty.
    weights : Tensor of shape (n_images,)

    Returns
    -------
    head : LinearHead
    strength : float
        Of regularisation, with the least held-out loss, the stronger one of equals; a
        middle one where nothing is held out.
    """
    rest = np.setdiff1d(np.arange(len(features)), held_out)
    parts = features[rest], targets[rest], weights[rest]
    strengths = task.strengths
    if not len(held_out):
        middle = strengths[len(strengths) // 2]
        return fit_probe(task, *parts, middle), middle
    heads = [fit_probe(task, *parts, strength) for strength in strengths]
    judged = features[held_out], targets[held_out], weights[held_out]
    losses = [_mean_loss(task, head, *judged) for head in heads]
    best = int(np.argmin(losses))
    return heads[best], strengths[best]


def fit_probe(
    task: Task, features: Floats, targets: Tensor, weights: Tensor, strength: float
) -> LinearHead:
    """Fit a regularised linear model on standardised features, as one linear layer.

    Parameters
    ----------
    task : Task
    features : ndarray of shape (n_images, n_features), float32
    targets : Tensor of shape (n_images, ...)
        As the task has them; every class occurs.
    weights : Tensor of shape (n_images,)
    strength : float
        Of regularisation, as the task understands it.

    Returns
    -------
    head : LinearHead
        Takes the features as they are: the scaling is in its weights.
    """
    counts = weights.numpy().astype(np.float64)
    scaler = FlooredScaler().fit(features, sample_weight=counts)
    scaled = scaler.transform(features)
    with one_blas_thread():
        weight, bias = task.fit_linear(scaled, targets.numpy(), counts, strength)
    weight = weight / scaler.scale_
    bias = bias - weight @ scaler.mean_
    return LinearHead(weight.astype(np.float32), bias.astype(np.float32))


def _mean_loss(
    task: Task, head: LinearHead, features: Floats, targets: Tensor, weights: Tensor
) -> float:
    outputs = torch.from_numpy(head.scores(features)).float()
    losses = task.losses(outputs, targets)
    return float((losses * weights).sum() / weights.sum())
