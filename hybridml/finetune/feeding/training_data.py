"""What a training run learns from: weighted images, a part of them held out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from sklearn.utils.class_weight import compute_sample_weight
from torch import Tensor

from hybridml._checks import describe, is_number
from hybridml.exceptions import DataError, InvalidParameterError
from hybridml.finetune.learning.targets import Targets

Positions = npt.NDArray[np.intp]

_FEWEST_TO_SHARE = 4


@dataclass(frozen=True)
class TrainingData:
    """What is learned, and which images are held out to choose the epoch.

    Attributes
    ----------
    targets : Tensor of shape (n_images,) or (n_images, n_outputs)
        As the task has them.
    weights : Tensor of shape (n_images,), float32
        Weight of each image in the loss.
    train, held_out : ndarray of int
        Positions; `held_out` may be empty. Images without weight are in neither.
    """

    targets: Tensor
    weights: Tensor
    train: Positions
    held_out: Positions

    def with_all(self) -> TrainingData:
        """Learn from all the images, and hold none out."""
        every = np.sort(np.concatenate([self.train, self.held_out]))
        return replace(self, train=every, held_out=every[:0])


def prepare_training(
    targets: Targets, *, validation_fraction: float, random_state: int
) -> TrainingData:
    """Hold a part of the images out."""
    weights, groups = targets.weights, targets.groups
    parts = hold_out(groups, weights, validation_fraction, random_state)
    return TrainingData(
        targets.values, torch.from_numpy(weights.astype(np.float32)), *parts
    )


def weigh_images(
    labels: npt.NDArray[Any],
    class_weight: str | Mapping[Any, float] | None,
    sample_weight: npt.ArrayLike | None,
) -> npt.NDArray[np.float64]:
    """Multiply the weight of each image with that of its class.

    Parameters
    ----------
    labels : ndarray of shape (n_images, ...)
    class_weight : "balanced", dict or None
        Classes that a dict leaves out weigh 1, and it may name classes that are not
        there; not both, which is how a wrong name shows.
    sample_weight : array-like of shape (n_images,) or None

    Returns
    -------
    weights : ndarray of shape (n_images,), float64

    Raises
    ------
    InvalidParameterError
        If a dict of classes has names of others and leaves some out, or its weights are
        no numbers.
    DataError
        If weights are negative, not finite, all zero, or not as many as labels.
    """
    weights: npt.NDArray[np.float64]
    if class_weight is None:
        weights = np.ones(len(labels))
    elif isinstance(class_weight, Mapping):
        _check_class_weight(class_weight, labels)
        of_class = [class_weight.get(label, 1.0) for label in labels.tolist()]
        weights = np.asarray(of_class, dtype=np.float64)
    else:
        weights = np.asarray(compute_sample_weight(class_weight, labels))
    if sample_weight is not None:
        given = np.asarray(sample_weight, dtype=np.float64)
        if given.shape != labels.shape[:1]:
            raise DataError(
                f"Got sample_weight of shape {given.shape}; expected one weight for "
                f"each of the {len(labels)} images."
            )
        weights = weights * given
    if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any()):
        raise DataError(
            "Got weights of images (sample_weight, class_weight) that are negative, "
            "not finite, or all zero; expected numbers >= 0."
        )
    return weights


def _check_class_weight(
    class_weight: Mapping[Any, float], labels: npt.NDArray[Any]
) -> None:
    classes = set(labels.tolist())
    unknown = [name for name in class_weight if name not in classes]
    left_out = sorted(classes - set(class_weight))
    expected = ""
    if unknown and left_out:
        expected = f"the classes of y: {unknown[0]!r} is none, {left_out[0]!r} is"
    if not all(is_number(w, low=-math.inf) for w in class_weight.values()):
        expected = "a number for each class"
    if expected:
        raise InvalidParameterError(
            describe("class_weight", dict(class_weight), expected)
        )


def hold_out(
    groups: Positions,
    weights: npt.NDArray[np.float64],
    fraction: float,
    random_state: int,
) -> tuple[Positions, Positions]:
    """Hold the same fraction of each group out, at least one image of each.

    Nothing is held out where a group (a class) has fewer than 4 images that weigh
    anything.

    Returns
    -------
    train, held_out : ndarray of int
        Positions in ascending order of the images that weigh anything.
    """
    counted = np.flatnonzero(weights > 0)
    classes, counts = np.unique(groups[counted], return_counts=True)
    if fraction == 0 or counts.min() < _FEWEST_TO_SHARE:
        return counted, counted[:0]
    rng = np.random.default_rng(random_state)
    parts = []
    for label, count in zip(classes, counts, strict=True):
        n_held_out = min(max(1, round(fraction * count)), count - 1)
        own = counted[groups[counted] == label]
        parts.append(rng.permutation(own)[:n_held_out])
    held_out = np.sort(np.concatenate(parts))
    return np.setdiff1d(counted, held_out), held_out
