"""Folds of a comparison as tasks on a Ray cluster."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from hybridml.backbones.registry import list_registered, register_backbone
from hybridml.backbones.spec import Backbone
from hybridml.comparing.budget import Budget, OutOfTimeError, StopInTime
from hybridml.comparing.contender import Contender
from hybridml.comparing.data import Data
from hybridml.comparing.fold_result import FoldResult
from hybridml.comparing.trial import run_trial
from hybridml.comparing.trials import Place
from hybridml.distributed.ray_start import worker_environment
from hybridml.exceptions import HybridMLError
from hybridml.finetune.watching.callbacks import Callback


class RayTrials:
    """Begins folds as soon as they are expected, and waits when one is asked for.

    Ray runs as many at a time as the cluster has room for, and runs one again whose
    process or machine was lost.

    Parameters
    ----------
    ray : module
        Connected.
    contenders : sequence of Contender
    data : Data
    budget : Budget
    cpus, gpus : float
        What Ray sets aside for a fold.
    """

    def __init__(
        self,
        ray: Any,
        contenders: Sequence[Contender],
        data: Data,
        budget: Budget,
        *,
        cpus: int,
        gpus: float,
    ) -> None:
        self._ray, self._contenders, self._budget = ray, contenders, budget
        self._data = ray.put(data)
        self._declared = ray.put(list_registered())
        self._task = ray.remote(
            num_cpus=cpus,
            num_gpus=gpus,
            runtime_env={"env_vars": worker_environment(cpus)},
        )(_run)
        self._begun: dict[Place, Any] = {}

    def expect(self, places: Sequence[Place], share: float) -> None:
        """Hand folds to Ray that it does not have yet."""
        for place in places:
            if place not in self._begun:
                self._begun[place] = self._task.remote(
                    self._contenders[place.contender],
                    self._data,
                    place.fold,
                    time_left=(self._budget.left(), time.time()),
                    share=share,
                    declared=self._declared,
                )

    def drop(self, contender: int) -> None:
        """Cancel what was begun of a contender."""
        for place in [p for p in self._begun if p.contender == contender]:
            self._ray.cancel(self._begun.pop(place), force=True)

    def dismiss(self) -> None:
        """Cancel all that was begun and not asked for."""
        for contender in {place.contender for place in self._begun}:
            self.drop(contender)

    def run(
        self, place: Place, share: float, watching: Sequence[Callback]
    ) -> FoldResult:
        """Wait for a fold; see `hybridml.comparing.trials.Trials`."""
        self.expect([place], share)
        try:
            result: FoldResult | OutOfTimeError = self._ray.get(self._begun[place])
        except self._ray.exceptions.RayTaskError as exc:
            raise _own_error(exc) from exc
        except self._ray.exceptions.RayError as exc:
            name = self._contenders[place.contender].name
            raise HybridMLError(
                f"The worker of {name}, fold {place.fold + 1}, was lost again and "
                f"again: {exc}"
            ) from exc
        del self._begun[place]
        if isinstance(result, OutOfTimeError):
            raise result
        _tell(result, watching)
        return result


def _run(
    contender: Contender,
    data: Data,
    number: int,
    *,
    time_left: tuple[float, float],
    share: float,
    declared: Sequence[Backbone],
) -> FoldResult | OutOfTimeError:
    """Run a fold in the process of a worker.

    That a training has no time is no failure of the task: it is returned.
    """
    for backbone in declared:
        register_backbone(backbone, overwrite=True)
    seconds, said_at = time_left
    # It may have waited for room meanwhile; clocks of machines agree well enough.
    seconds -= max(0.0, time.time() - said_at)
    budget = Budget(None if math.isinf(seconds) else max(0.0, seconds))
    fold = data.folds[number]
    try:
        return run_trial(contender, data, fold, [StopInTime(budget, share)])
    except OutOfTimeError as stopped:
        return stopped


def _tell(result: FoldResult, watching: Sequence[Callback]) -> None:
    """Tell of the epochs of a training that ran elsewhere."""
    if result.history is None:
        return
    epochs: Any = result.history.to_dict("records")
    estimator = SimpleNamespace(n_epochs_=int(result.history["epoch"].max()))
    for metrics in epochs:
        for callback in watching:
            callback.on_epoch_end(estimator, metrics)


def _own_error(error: Any) -> BaseException:
    """Take the error that a fold raised out of Ray's."""
    cause: BaseException = error.cause
    is_own = isinstance(cause, (HybridMLError, KeyboardInterrupt))
    own: BaseException = cause if is_own else error
    return own
