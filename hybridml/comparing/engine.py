"""Which engine runs the folds of a comparison, and what it needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from hybridml._checks import Problems, check_name, is_count, is_number
from hybridml.comparing.budget import Budget
from hybridml.comparing.contender import Contender
from hybridml.comparing.data import Data
from hybridml.comparing.trials import LocalTrials, Trials

ENGINES = ("local", "ray")


@dataclass(frozen=True)
class Engine:
    """Where folds are run, and what is set aside for each.

    Attributes
    ----------
    name : {"local", "ray"}
    address : str or None
        Of a Ray cluster.
    cpus : int
    gpus : float
    """

    name: str = "local"
    address: str | None = None
    cpus: int = 1
    gpus: float = 0

    @contextmanager
    def trials(
        self, contenders: Sequence[Contender], data: Data, budget: Budget
    ) -> Iterator[Trials]:
        """Give what runs folds, for as long as the comparison lasts.

        Raises
        ------
        MissingPackageError
            If Ray is asked for and not installed.
        InvalidParameterError
            If there is no cluster at the address.
        """
        if self.name == "local":
            yield LocalTrials(contenders, data, budget)
            return
        from hybridml.comparing.ray_trials import RayTrials
        from hybridml.distributed.ray_start import connected

        with connected(self.address, n_cpus=self.cpus, n_gpus=self.gpus) as ray:
            trials = RayTrials(
                ray, contenders, data, budget, cpus=self.cpus, gpus=self.gpus
            )
            try:
                yield trials
            finally:
                trials.dismiss()


def check_engine(
    owner: str,
    *,
    engine: object,
    address: object,
    cpus_per_worker: object,
    gpus_per_worker: object,
) -> Engine:
    """Find what is wrong with the parameters of an engine.

    Raises
    ------
    InvalidParameterError, UnknownNameError
    """
    check_name("engine", engine, ENGINES, expected="'local' or 'ray'")
    problems = Problems(owner)
    is_ray = engine == "ray"
    is_address = isinstance(address, str) and bool(address) and is_ray
    expected = "None, or with engine='ray' the address of a cluster"
    problems.expect(address is None or is_address, "address", address, expected)
    is_cpus = is_count(cpus_per_worker)
    problems.expect(is_cpus, "cpus_per_worker", cpus_per_worker, "a positive count")
    is_gpus = is_number(gpus_per_worker) and (is_ray or not gpus_per_worker)
    expected = "a number >= 0, and 0 with engine='local'"
    problems.expect(is_gpus, "gpus_per_worker", gpus_per_worker, expected)
    problems.raise_all()
    return Engine(str(engine), address, cpus_per_worker, gpus_per_worker)  # type: ignore[arg-type]
