"""Finding a Ray cluster, or starting Ray here for no one else; what workers get."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hybridml._checks import describe
from hybridml._optional import require
from hybridml.exceptions import InvalidParameterError

_log = logging.getLogger(__name__)
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_VARIABLES = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
}
_STARTED = (
    "Started Ray on this machine alone (%d CPUs), without its dashboard. To use a "
    "cluster: `ray start --head` on one machine, `ray start --address=HEAD:6379` on "
    "the others, and address='HEAD:6379' or RAY_ADDRESS=HEAD:6379 here. Whoever "
    "reaches the ports of a cluster may run code there: keep them inside a network of "
    "yours, or set RAY_AUTH_MODE=token."
)


@contextmanager
def connected(address: str | None, *, n_cpus: int, n_gpus: float) -> Iterator[Any]:
    """Connect this process to Ray, for as long as the work lasts.

    A connection that this process has is used, and left. Without an address, nor one
    in the environment variable RAY_ADDRESS, Ray is started, and stopped in the end.

    Parameters
    ----------
    address : str or None
        As `ray.init` takes it.
    n_cpus : int
        How many a Ray that is started here has to offer at least.
    n_gpus : float
        Above 0, a Ray that is started here looks for this machine's GPUs.

    Yields
    ------
    ray : module

    Raises
    ------
    MissingPackageError
        If Ray is not installed.
    InvalidParameterError
        If there is no Ray at the address.
    """
    ray = require("ray", extra="ray", why="engine='ray'")
    if ray.is_initialized():
        yield ray
        return
    given = address or os.environ.get("RAY_ADDRESS") or None
    if given is None or given == "local":
        _start(ray, n_cpus, n_gpus)
    else:
        _connect(ray, given)
    try:
        yield ray
    finally:
        ray.shutdown()


def worker_environment(n_threads: int) -> dict[str, str]:
    """Variables that keep a worker from using the cores of others."""
    return dict.fromkeys(_THREADS, str(n_threads))


def _connect(ray: Any, address: str) -> None:
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.WARNING)
    except (ConnectionError, ValueError) as exc:
        expected = "where a Ray cluster can be reached"
        cure = "None starts Ray on this machine."
        message = describe("address", address, expected, cure)
        raise InvalidParameterError(message) from exc


def _start(ray: Any, n_cpus: int, n_gpus: float) -> None:
    n_offered = max(n_cpus, os.cpu_count() or 1)
    with _on_loopback(ray):
        ray.init(
            address="local",
            num_cpus=n_offered,
            num_gpus=None if n_gpus else 0,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    _log.warning(_STARTED, n_offered)


@contextmanager
def _on_loopback(ray: Any) -> Iterator[None]:
    """Let what is started listen to this machine alone, and report to nobody.

    Ray replaces a loopback address that it is given by one that others can reach,
    unless it is told, as it is by default on macOS and Windows, to be no cluster.
    """
    constants = ray._private.ray_constants
    before = constants.ENABLE_RAY_CLUSTER
    constants.ENABLE_RAY_CLUSTER = False  # read when it was imported
    added = {name: v for name, v in _VARIABLES.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        constants.ENABLE_RAY_CLUSTER = before
        for name in added:
            del os.environ[name]
