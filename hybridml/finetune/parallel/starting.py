"""How Ray Train starts the processes of a training, and starts them anew."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from hybridml._optional import require
from hybridml.distributed.ray_start import worker_environment

# Of the process that `run_ray_train` is to run in.
VARIABLES = {
    "RAY_TRAIN_V2_ENABLED": "1",
    "RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": "600",  # of a cold disk, say
    "RAY_CHDIR_TO_TRIAL_DIR": "0",  # paths are where they were
}

_WHY = "Training in several processes (n_workers)"
_MOST_LOSSES = 10


def run_ray_train(
    held: Mapping[str, Any], n_workers: int, n_threads: int, *, has_gpu: bool
) -> None:
    """Run a job in several processes, and in new ones where one was lost.

    Neither this process nor that in which Ray Train watches the others imports what
    trains.

    Parameters
    ----------
    held : mapping
        Under "job" a reference to the `Job`.
    n_workers : int
    n_threads : int
        Of each process.
    has_gpu : bool
        Whether each is to have one.
    """
    train = require("ray.train", extra="ray", why=_WHY)
    torch_trainer = require("ray.train.torch", extra="ray", why=_WHY)
    resources = {"CPU": n_threads} | ({"GPU": 1} if has_gpu else {})
    variables = worker_environment(n_threads)
    with tempfile.TemporaryDirectory(prefix="hybridml-") as folder:
        trainer = torch_trainer.TorchTrainer(
            _work,
            train_loop_config=dict(held),
            torch_config=_meets_by_itself(torch_trainer.TorchConfig),
            scaling_config=train.ScalingConfig(
                num_workers=n_workers, use_gpu=has_gpu, resources_per_worker=resources
            ),
            run_config=train.RunConfig(
                storage_path=folder,
                failure_config=train.FailureConfig(max_failures=_MOST_LOSSES),
                worker_runtime_env={"env_vars": variables},
            ),
        )
        with suppress(SystemExit):  # so it ends, in order, where it is cancelled
            trainer.fit()


def _work(held: Mapping[str, Any]) -> None:
    from hybridml.finetune.parallel.worker import work

    work(require("ray", extra="ray", why=_WHY).get(held["job"]))


def _meets_by_itself(torch_config: Any) -> Any:
    """Leave it to the job how its processes meet: on one address, not on all."""
    backend = require("ray.train.backend", extra="ray", why=_WHY)

    class Config(torch_config):
        @property
        def backend_cls(self) -> Any:
            return backend.Backend

    return Config(backend="gloo")
