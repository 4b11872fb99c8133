"""From the labels or numbers of a data set to what the network learns, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hybridml.finetune.learning.probe import LinearHead
from hybridml.finetune.learning.tasks import (
    Classification,
    MultiLabel,
    Regression,
    Task,
)


@dataclass(frozen=True)
class Targets:
    """What is learned of some images.

    Attributes
    ----------
    task : Task
    values : Tensor of shape (n_images,) or (n_images, n_outputs)
        As the task has them.
    weights : ndarray of shape (n_images,), float64
        Weight of each image in the loss.
    groups : ndarray of shape (n_images,), int
        Images of each are held out in proportion.
    mean, scale : ndarray of shape (n_outputs,)
        By which numbers were standardised: the head is brought back to their scale.
    """

    task: Task
    values: Tensor
    weights: npt.NDArray[np.float64]
    groups: npt.NDArray[np.intp]
    mean: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]

    def rescaled(self, head: LinearHead) -> LinearHead:
        """Let a head that gives standardised numbers give them on their own scale."""
        return LinearHead(
            (head.weight * self.scale[:, None]).astype(np.float32),
            (head.bias * self.scale + self.mean).astype(np.float32),
        )


def class_targets(
    codes: npt.NDArray[np.intp], weights: npt.NDArray[np.float64]
) -> Targets:
    """Classes, given as numbers from 0."""
    n_classes = int(codes.max()) + 1
    values = torch.from_numpy(codes.astype(np.int64))
    return _unscaled(Classification(n_classes), values, weights, codes)


def label_targets(
    present: npt.NDArray[np.bool_], weights: npt.NDArray[np.float64]
) -> Targets:
    """Several labels an image, of shape (n_images, n_labels)."""
    values = torch.from_numpy(present.astype(np.float32))
    groups = np.zeros(len(present), dtype=np.intp)
    return _unscaled(MultiLabel(present.shape[1]), values, weights, groups)


def number_targets(
    numbers: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
) -> Targets:
    """Numbers of shape (n_images, n_targets), each column standardised."""
    mean = np.average(numbers, axis=0, weights=weights)
    scale = np.sqrt(np.average((numbers - mean) ** 2, axis=0, weights=weights))
    scale = np.where(scale > 0, scale, 1.0)
    values = torch.from_numpy(((numbers - mean) / scale).astype(np.float32))
    groups = np.zeros(len(numbers), dtype=np.intp)
    task = Regression(numbers.shape[1])
    return Targets(task, values, weights, groups, mean, scale)


def _unscaled(
    task: Task,
    values: Tensor,
    weights: npt.NDArray[np.float64],
    groups: npt.NDArray[np.intp],
) -> Targets:
    n_outputs = task.n_outputs
    return Targets(
        task, values, weights, groups, np.zeros(n_outputs), np.ones(n_outputs)
    )
