"""From an estimator's parameters and its data to all that a training run needs."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from hybridml._progress import image_progress
from hybridml.backbones.loading import network_of
from hybridml.backbones.network import Network
from hybridml.backbones.workers import count_workers, single_threaded_workers
from hybridml.exceptions import CacheWarning
from hybridml.features.choosing import open_store
from hybridml.features.extraction import extract_what_can_be_decoded
from hybridml.features.request import make_request
from hybridml.finetune.feeding.inputs import Inputs
from hybridml.finetune.feeding.pixels import Pixels
from hybridml.finetune.feeding.training_data import TrainingData, prepare_training
from hybridml.finetune.learning.model import Assembled, assemble, fit_probes
from hybridml.finetune.learning.probe import LinearHead
from hybridml.finetune.learning.targets import Targets
from hybridml.finetune.parallel.group import ALONE, Group
from hybridml.finetune.parameters import make_settings, views_kept
from hybridml.finetune.training.optimizer import depths_of
from hybridml.finetune.training.seeding import seeded
from hybridml.finetune.training.settings import Settings
from hybridml.images.failures import raise_bad_images

if TYPE_CHECKING:
    from hybridml.finetune.estimator import FineTuneEstimator


@dataclass(frozen=True)
class Prepared:
    """What a training run needs.

    Attributes
    ----------
    network : Network
        As it was loaded; it is not changed.
    module : nn.Module
        A copy of the whole network, whose parameters the model shares.
    parts : Assembled
        The model, on its device, and the frozen part before it.
    probe : LinearHead or None
        That of all the images; the head starts from that of those not held out. None
        from scratch.
    data : TrainingData
    inputs : Inputs
    settings : Settings
    depths : dict of {str: int}
        Of the trunk's parameters; empty where nothing asks for them.
    """

    network: Network
    module: nn.Module
    parts: Assembled
    probe: LinearHead | None
    data: TrainingData
    inputs: Inputs
    settings: Settings
    depths: dict[str, int]


@contextmanager
def prepared(
    estimator: FineTuneEstimator,
    images: npt.NDArray[Any],
    targets: Targets,
    group: Group = ALONE,
) -> Iterator[Prepared]:
    """Prepare a training run; within the block torch's random numbers are its own.

    Parameters
    ----------
    estimator : FineTuneEstimator
        Its parameters are checked already.
    images : ndarray of shape (n_images, ...)
        Of those that another process of the group has, None is enough.
    targets : Targets
    group : Group, default=ALONE
    """
    network = network_of(estimator)
    own = group.own(np.arange(len(images)))
    pixels = group.together(
        lambda: Pixels(
            images, network.preprocessing, chosen=own, n_jobs=estimator.n_jobs
        )
    )
    data = prepare_training(
        targets,
        validation_fraction=estimator.validation_fraction,
        random_state=estimator.random_state,
    )
    settings = make_settings(estimator.get_params(deep=False), network)
    n_workers = count_workers(estimator.n_jobs) if network.device.type == "cpu" else 1
    with (
        seeded(estimator.random_state, network.device),
        single_threaded_workers(n_workers) as workers,
    ):
        module = network.trainable_copy()
        parts = assemble(
            module,
            network,
            trainable=estimator.trainable,
            pooling=estimator.pooling,
            n_outputs=targets.task.n_outputs,
            dropout=estimator.dropout,
        )
        probe = None
        if estimator.weights is not None:
            features = _probe_features(estimator, images, network, parts, group)
            start, probe = group.from_first(
                partial(fit_probes, features, data, targets.task)
            )
            start.copy_to(parts.model.head)
        parts.model.on(network.device)
        inputs = _make_inputs(estimator, network, parts, pixels, workers)
        if estimator.prefix_cache:
            _warn_of_obstacle(parts)
            n_views = views_kept(estimator.n_views, settings.epochs)
            n_images = len(group.own(data.train)), len(group.own(data.held_out))
            inputs.keep(*n_images, n_views, _cache_folder(estimator))
        depths = _depths(module, network, parts, settings)
        yield Prepared(network, module, parts, probe, data, inputs, settings, depths)


def _probe_features(
    estimator: FineTuneEstimator,
    images: npt.NDArray[Any],
    network: Network,
    parts: Assembled,
    group: Group,
) -> npt.NDArray[np.float32]:
    """Features of the network as it is before training."""
    request = make_request(network, parts.model.stage.name, estimator.pooling)
    every = np.arange(len(images))
    own = group.own(every)
    with image_progress(len(own), "probe", shown=estimator.verbose > 0) as tick:
        rows, failures = extract_what_can_be_decoded(
            images if len(own) == len(images) else images[own],
            request,
            store=open_store(estimator.store),
            n_jobs=estimator.n_jobs,
            on_progress=tick,
        )
    failures = {int(own[i]): reason for i, reason in failures.items()}
    group.together(partial(raise_bad_images, failures, images))
    return group.gather(torch.from_numpy(rows), every).numpy()


def _make_inputs(
    estimator: FineTuneEstimator,
    network: Network,
    parts: Assembled,
    pixels: Pixels,
    workers: ThreadPoolExecutor,
) -> Inputs:
    return Inputs(
        pixels,
        network.preprocessing,
        network.device,
        augmentation=estimator.augmentation,
        seed=estimator.random_state,
        frozen=parts.frozen,
        n_rows=network.n_rows,
        workers=workers,
    )


def _warn_of_obstacle(parts: Assembled) -> None:
    if parts.obstacle:
        message = (
            "The frozen layers are run again in every step: their output cannot be "
            f"kept, since {parts.obstacle}."
        )
        warnings.warn(message, CacheWarning, stacklevel=7)  # at the call of fit


def _cache_folder(estimator: FineTuneEstimator) -> Path:
    """On the disk of the feature store, if there is one."""
    store = open_store(estimator.store)
    return store.path if store else Path(tempfile.gettempdir())


def _depths(
    module: nn.Module, network: Network, parts: Assembled, settings: Settings
) -> dict[str, int]:
    """Depths of the parameters; to find them takes seconds, so only if needed."""
    if settings.layer_decay == 1 and not settings.gradual_unfreezing:
        return {}
    return depths_of(module, network.backbone, parts.model.stage)
