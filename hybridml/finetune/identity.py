"""What the result of a training run depends on: by it a checkpoint is recognised."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hybridml.backbones.network import Network
from hybridml.finetune.learning.targets import Targets
from hybridml.images.digest import digest_images

if TYPE_CHECKING:
    from hybridml.finetune.estimator import FineTuneEstimator

# Raise it when the same run gives other numbers.
TRAINING_VERSION = 1

_CHANGE_NO_NUMBER = {"store", "checkpoint", "callbacks", "n_jobs", "verbose"}


def identify(
    estimator: FineTuneEstimator,
    network: Network,
    images: npt.NDArray[Any],
    targets: Targets,
) -> dict[str, Any]:
    """Describe a run in JSON's types: parameters, weights, images and targets."""
    params = estimator.get_params(deep=False)
    shown = {
        name: repr(value)
        for name, value in params.items()
        if name not in _CHANGE_NO_NUMBER
    }
    digests, failures = digest_images(images)
    content = [digest or failures[i].encode() for i, digest in enumerate(digests)]
    return {
        "version": TRAINING_VERSION,
        "params": shown,
        "weights": network.weights_digest,
        "precision": network.precision,
        "device": str(network.device),
        "images": hashlib.blake2b(b"".join(content)).hexdigest(),
        "targets": _digest(targets.values.numpy()),
        "sample_weight": _digest(targets.weights),
    }


def _digest(array: npt.NDArray[Any]) -> str:
    return hashlib.blake2b(np.ascontiguousarray(array).tobytes()).hexdigest()
