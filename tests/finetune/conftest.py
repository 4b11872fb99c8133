"""A tiny backbone that is always there, made-up photos, and what a run consists of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from hybridml import FineTuneClassifier
from hybridml.backbones.loading import load_network
from hybridml.backbones.network import Network
from hybridml.backbones.workers import single_threaded_workers
from hybridml.finetune.feeding.inputs import Inputs
from hybridml.finetune.feeding.pixels import Pixels
from hybridml.finetune.feeding.training_data import TrainingData, prepare_training
from hybridml.finetune.learning.model import Model, assemble
from hybridml.finetune.learning.targets import class_targets
from hybridml.finetune.learning.tasks import Task
from hybridml.finetune.parameters import make_settings
from hybridml.finetune.training.settings import Settings
from hybridml.images.door import as_images
from hybridml.testing import make_photos, register_tiny_backbone

Photos = tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]


@pytest.fixture(autouse=True)
def _tiny_backbone() -> None:
    register_tiny_backbone()


@pytest.fixture
def photos() -> Photos:
    return make_photos(16)


@dataclass
class Parts:
    """What a training run of the tiny backbone consists of."""

    network: Network
    model: Model
    task: Task
    inputs: Inputs
    data: TrainingData
    settings: Settings


@pytest.fixture
def make_parts() -> Iterator[Callable[..., Parts]]:
    """Build the parts of a run: from random weights, exact, three epochs of four."""
    with single_threaded_workers(1) as workers:
        yield partial(_make_parts, workers)


def _make_parts(
    workers: ThreadPoolExecutor, *, n_images: int = 16, **changed: Any
) -> Parts:
    images, labels = make_photos(n_images)
    defaults = {"weights": None, "epochs": 3, "augmentation": "none", "batch_size": 4}
    params = {**defaults, "validation_fraction": 0.25, **changed}
    estimator = FineTuneClassifier("tiny", **params)
    network = load_network(
        "tiny", weights=estimator.weights, device="cpu", precision="fp32"
    )
    targets = class_targets(
        np.unique(labels, return_inverse=True)[1], np.ones(n_images)
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        assembled = assemble(
            network.trainable_copy(),
            network,
            trainable=estimator.trainable,
            pooling="mean",
            n_outputs=2,
            dropout=estimator.dropout,
        )
    inputs = Inputs(
        Pixels(as_images(images), network.preprocessing, n_jobs=1),
        network.preprocessing,
        network.device,
        augmentation=estimator.augmentation,
        seed=0,
        frozen=assembled.frozen,
        n_rows=network.n_rows,
        workers=workers,
    )
    data = prepare_training(
        targets, validation_fraction=estimator.validation_fraction, random_state=0
    )
    settings = make_settings(estimator.get_params(deep=False), network)
    return Parts(network, assembled.model, targets.task, inputs, data, settings)
