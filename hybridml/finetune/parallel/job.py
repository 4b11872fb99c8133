"""What each process that trains is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hybridml.finetune.learning.targets import Targets

if TYPE_CHECKING:
    from hybridml.finetune.estimator import FineTuneEstimator

PARTS = ("fit", "refit")


@dataclass(frozen=True)
class Job:
    """A training, in a form that is cheap to send: what is large are references.

    Attributes
    ----------
    estimator : FineTuneEstimator
        Not fitted, with the device and the threads of each process as parameters.
    targets : Targets
        Of all the images.
    owners : ndarray of shape (n_images,), int
        Rank of the process that has each image.
    shards : sequence of ObjectRef
        For each rank its images, in the order of their positions.
    declared : sequence of Backbone
        Those that are registered where the training was asked for.
    keeper : ActorHandle
        Of a `Keeper`.
    """

    estimator: FineTuneEstimator
    targets: Targets
    owners: npt.NDArray[np.intp]
    shards: Sequence[Any]
    declared: Sequence[Any]
    keeper: Any

    def images(self, rank: int, shard: Sequence[Any]) -> npt.NDArray[Any]:
        """Put the images of a process in their places: None in those of others."""
        images = np.full(len(self.owners), None, dtype=object)
        for position, image in zip(
            np.flatnonzero(self.owners == rank), shard, strict=True
        ):
            images[position] = image
        return images
