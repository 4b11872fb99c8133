"""A fit that Ray Train runs in several processes."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from sklearn.base import clone

from hybridml._checks import describe
from hybridml._optional import require
from hybridml.backbones.loading import network_of
from hybridml.backbones.registry import list_registered
from hybridml.distributed.ray_start import connected
from hybridml.exceptions import DataError, InvalidParameterError
from hybridml.features.choosing import open_store
from hybridml.finetune.feeding.training_data import prepare_training
from hybridml.finetune.learning.targets import Targets
from hybridml.finetune.parallel.following import Following
from hybridml.finetune.parallel.job import Job
from hybridml.finetune.parallel.keeper import Keeper
from hybridml.finetune.parallel.shards import deal_images
from hybridml.finetune.parallel.starting import VARIABLES, run_ray_train
from hybridml.finetune.watching.callbacks import Callback
from hybridml.images.source import is_url

if TYPE_CHECKING:
    from hybridml.finetune.estimator import FineTuneEstimator

_log = logging.getLogger(__name__)
_WHY = "Training in several processes (n_workers)"
_PATIENCE_S = 60.0


def fit_on_ray(
    estimator: FineTuneEstimator,
    images: npt.NDArray[Any],
    targets: Targets,
    callbacks: Sequence[Callback],
) -> None:
    """Train a network as an estimator's parameters say, in `n_workers` processes.

    Sets the same attributes as `hybridml.finetune.fitting.fit_network`.

    Parameters
    ----------
    estimator : FineTuneEstimator
        Its parameters are checked already.
    images : ndarray of shape (n_images, ...)
    targets : Targets
    callbacks : sequence of Callback
        Told of all but the end, in this process.

    Raises
    ------
    MissingPackageError
        If Ray is not installed.
    WeightsError
        If the weights cannot be had, or do not fit.
    InvalidParameterError
        If the device is none that several processes can train on.
    DataError
        If there are too few images for so many processes.
    HybridMLError
        If the processes are lost again and again, or Ray is.
    DivergedError
        As `fit_network`.
    """
    n_workers = estimator.n_workers
    owners = _deal(estimator, targets, len(images))
    kind = _kind_of_device(estimator.device)
    network = network_of(clone(estimator).set_params(device="cpu"))  # if there is one
    following = Following(estimator, network, images, targets, callbacks)
    n_gpus = int(kind != "cpu" and torch.cuda.is_available())  # where Ray is started
    with connected(None, n_cpus=n_workers, n_gpus=n_gpus) as ray:
        room = ray.cluster_resources()
        has_gpu = _has_gpu(kind, room.get("GPU", 0), n_workers)
        n_threads = _count_threads(estimator.n_jobs, room, n_workers)
        _warn_of_room(room, n_workers, n_threads, has_gpu=has_gpu)
        keeper = _place_here(ray, ray.remote(Keeper)).remote(following.kept())
        where = {"device": "cuda" if has_gpu else "cpu", "n_jobs": n_threads}
        job = Job(
            _for_worker(estimator).set_params(**where),
            targets,
            owners,
            [
                ray.put([_located(images[i]) for i in np.flatnonzero(owners == rank)])
                for rank in range(n_workers)
            ],
            list_registered(),
            keeper,
        )
        with _running(ray, job, n_workers, n_threads, has_gpu=has_gpu) as run:
            following.follow(ray, run, keeper)


def _deal(
    estimator: FineTuneEstimator, targets: Targets, n_images: int
) -> npt.NDArray[np.intp]:
    data = prepare_training(
        targets,
        validation_fraction=estimator.validation_fraction,
        random_state=estimator.random_state,
    )
    n_workers = estimator.n_workers
    if len(data.train) < 2 * n_workers:
        raise DataError(
            f"Got {len(data.train)} images to learn from; expected at least two for "
            f"each of n_workers={n_workers}."
        )
    seed = estimator.random_state
    return deal_images(data, n_images, n_workers, random_state=seed)


def _kind_of_device(device: str) -> str:
    kind = device if device == "auto" else torch.device(device).type
    if kind not in ("auto", "cpu", "cuda"):
        expected = "'auto', 'cpu' or 'cuda' where n_workers is above 1"
        raise InvalidParameterError(describe("device", device, expected))
    return kind


def _has_gpu(kind: str, n_gpus: float, n_workers: int) -> bool:
    """Whether each process is to have a GPU."""
    if kind == "cuda" and not n_gpus:
        expected = "'auto' or 'cpu': Ray knows of no GPU"
        raise InvalidParameterError(describe("device", kind, expected))
    return kind == "cuda" or (kind == "auto" and n_gpus >= n_workers)


def _count_threads(n_jobs: int | None, room: dict[str, float], n_workers: int) -> int:
    """Count the threads of each process: as asked for, or an equal part of all."""
    if n_jobs is not None and n_jobs > 0:
        return int(n_jobs)
    return max(1, int(room.get("CPU", 1)) // n_workers)


def _warn_of_room(
    room: dict[str, float], n_workers: int, n_threads: int, *, has_gpu: bool
) -> None:
    needs = {"CPU": n_workers * n_threads} | ({"GPU": n_workers} if has_gpu else {})
    for resource, amount in needs.items():
        if room.get(resource, 0) < amount:
            _log.warning(
                "The cluster has %g %ss and the training needs %d: it begins when "
                "there are as many.",
                room.get(resource, 0),
                resource,
                amount,
            )


def _place_here(ray: Any, actor_class: Any) -> Any:
    """Let an actor run on the machine of this process, and take no core for it."""
    strategies = require("ray.util.scheduling_strategies", extra="ray", why=_WHY)
    here = strategies.NodeAffinitySchedulingStrategy(
        ray.get_runtime_context().get_node_id(), soft=True
    )
    return actor_class.options(num_cpus=0, scheduling_strategy=here)


@contextmanager
def _running(
    ray: Any, job: Job, n_workers: int, n_threads: int, *, has_gpu: bool
) -> Iterator[Any]:
    """Let Ray Train run a job, as long as the block lasts.

    It runs in a process of its own: where it runs, it takes ctrl-C for itself.
    """
    task = ray.remote(run_ray_train).options(
        num_cpus=0,
        max_retries=0,  # what it leaves behind may still have the room it needs
        runtime_env={"env_vars": VARIABLES},
    )
    held = {"job": ray.put(job)}  # not fetched before it is needed
    run = task.remote(held, n_workers, n_threads, has_gpu=has_gpu)
    try:
        yield run
    finally:
        ray.cancel(run, force=False)  # with force, it would leave its room reserved
        if not ray.wait([run], timeout=_PATIENCE_S)[0]:
            ray.cancel(run, force=True)
        ray.kill(job.keeper)


def _for_worker(estimator: FineTuneEstimator) -> FineTuneEstimator:
    """Copy an estimator for processes that nobody listens to, in whatever folder."""
    copy: FineTuneEstimator = clone(estimator)
    weights, store = estimator.weights, open_store(estimator.store)
    if weights is not None and Path(weights).is_file():
        copy.set_params(weights=_located(str(weights)))
    if estimator.store != "default":  # that of each machine
        copy.set_params(store=store and str(store.path.absolute()))
    copy.set_params(callbacks=(), checkpoint=None, verbose=0)
    return copy


def _located(image: Any) -> Any:
    """Say where a file is, whatever folder a process runs in."""
    if not isinstance(image, str) or is_url(image):
        return image
    return str(Path(image).absolute())
