"""Extraction on Ray: workers on many machines, any of which may die.

Actors, not Ray Data. What Ray Data skips after an interruption is what has a known
identifier before it is read; a row here belongs to the content, which is known when the
image was read, and images of equal content, wherever they come up, are computed once.
So a worker reads a block, this process says which of its images to compute, and the
worker, which has them in memory, does so and writes their rows itself.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hybridml._checks import describe
from hybridml.distributed.messages import Contents, Description, Outcome
from hybridml.distributed.ray_start import worker_environment
from hybridml.distributed.run import Run
from hybridml.distributed.worker import Worker
from hybridml.exceptions import DataError, HybridMLError, InvalidParameterError

_log = logging.getLogger(__name__)
_BLOCKS_A_WORKER = 2  # one is computed, one is read
_MOST_LOSSES = 4
_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Needs:
    """How many workers there shall be, and what Ray sets aside for each.

    Attributes
    ----------
    n_workers : int or None
        None is as many as there is room for.
    cpus : int
        Of each worker.
    gpus : float
        Of each worker.
    """

    n_workers: int | None
    cpus: int
    gpus: float

    def count(self, ray: Any) -> int:
        """Say how many workers to start.

        Raises
        ------
        InvalidParameterError
            If the cluster has no room for a single one.
        """
        there = ray.cluster_resources()
        rooms = [
            (name, amount, there.get(resource, 0.0))
            for name, resource, amount in (
                ("cpus_per_worker", "CPU", self.cpus),
                ("gpus_per_worker", "GPU", self.gpus),
            )
            if amount
        ]
        for name, amount, offered in rooms:
            if offered < amount:
                expected = f"at most {offered:g}: the cluster has no more"
                raise InvalidParameterError(describe(name, amount, expected))
        room = int(min(offered / amount for _, amount, offered in rooms))
        return self.n_workers or max(1, room)


def run_on_ray(run: Run, ray: Any, needs: Needs) -> None:
    """Compute all blocks on the workers of a cluster.

    Parameters
    ----------
    run : Run
    ray : module
        Connected.
    needs : Needs

    Raises
    ------
    DataError
        If workers die again and again.
    """
    crew = _Crew(run, ray, needs)
    try:
        crew.work()
    finally:
        crew.dismiss()


@dataclass
class _Task:
    """What an actor is doing, and for which block; None while it starts."""

    actor: Any
    block: int | None


@dataclass
class _Crew:
    """The actors, what each is doing, and what to do next when one of them is done."""

    run: Run
    ray: Any
    needs: Needs
    _tasks: dict[Any, _Task] = field(default_factory=dict)
    _starting: list[Any] = field(default_factory=list)
    _ready: list[Any] = field(default_factory=list)
    _losses_of: Counter[int] = field(default_factory=Counter)
    _losses_in_turn: int = 0
    _reason: str = ""

    def work(self) -> None:
        n_workers = min(self.needs.count(self.ray), self.run.ledger.n_blocks)
        for _ in range(n_workers):
            self._hire()
        while not self.run.ledger.is_finished:
            done, _ = self.ray.wait(list(self._tasks), timeout=_PATIENCE_S)
            if not done and not self._ready:
                _log.warning("No worker has started yet: does the cluster have room?")
            for reference in done:
                self._collect(reference)
            self._check_losses(n_workers)
            self._feed()

    def dismiss(self) -> None:
        for actor in (*self._starting, *self._ready):
            self.ray.kill(actor)

    def _hire(self) -> None:
        actor = self._actor_class.remote(self.run.settings)
        self._starting.append(actor)
        self._tasks[actor.describe.remote()] = _Task(actor, None)

    @property
    def _actor_class(self) -> Any:
        variables = worker_environment(self.run.settings.n_threads)
        return self.ray.remote(
            num_cpus=self.needs.cpus,
            num_gpus=self.needs.gpus,
            max_restarts=0,
            max_concurrency=_BLOCKS_A_WORKER,
            runtime_env={"env_vars": variables},
        )(Worker)

    def _feed(self) -> None:
        """Give every worker blocks to do, while there are any."""
        n_tasks = Counter(task.actor for task in self._tasks.values())
        for actor in self._ready:
            for _ in range(_BLOCKS_A_WORKER - n_tasks[actor]):
                block = self.run.ledger.draw()
                if block is None:
                    return
                reference = actor.read.remote(block, self.run.images_of(block))
                self._tasks[reference] = _Task(actor, block)

    def _collect(self, reference: Any) -> None:
        task = self._tasks.pop(reference, None)
        if task is None:  # its actor was lost meanwhile
            return
        errors = self.ray.exceptions
        try:
            result = self.ray.get(reference)
        except errors.RayTaskError as exc:
            raise _own_error(exc) from exc
        except errors.RayError as exc:  # the process, its machine or the result is gone
            self._replace(task, exc)
            return
        self._go_on(task, result)

    def _go_on(self, task: _Task, result: Description | Contents | Outcome) -> None:
        actor, block = task.actor, task.block
        if isinstance(result, Description):
            self.run.admit(result)
            self._starting.remove(actor)
            self._ready.append(actor)
            return
        assert block is not None  # only a description is of none
        if isinstance(result, Outcome):
            self.run.note_computed(block, result)
            self._losses_in_turn = 0
            return
        places = self.run.note_read(block, result)
        if places:
            self._tasks[actor.compute.remote(block, places)] = task
        else:
            actor.forget.remote(block)

    def _replace(self, lost: _Task, reason: Exception) -> None:
        """Take the blocks of a lost actor back, and hire another one."""
        theirs = [r for r, task in self._tasks.items() if task.actor == lost.actor]
        blocks = [lost.block, *(self._tasks.pop(r).block for r in theirs)]
        for crew in (self._starting, self._ready):
            if lost.actor in crew:
                crew.remove(lost.actor)
        self.ray.kill(lost.actor)  # what cannot be reached may still be writing
        self.run.counts["workers_lost"] += 1
        self._losses_in_turn += 1
        self._reason = str(reason)
        for block in blocks:
            if block is not None:
                self.run.note_lost(block)
                self._losses_of[block] += 1
        self._hire()

    def _check_losses(self, n_workers: int) -> None:
        """Give up where workers die of the same images, or all of them at once."""
        for block, n_losses in self._losses_of.most_common(1):
            if n_losses >= _MOST_LOSSES:
                positions = self.run.ledger.positions(block)
                raise DataError(
                    f"{n_losses} workers died of the images {positions.start} to "
                    f"{positions.stop - 1}, or beside them. What has rows is kept. "
                    f"The last one: {self._reason}"
                )
        if self._losses_in_turn >= _MOST_LOSSES * n_workers:
            raise DataError(
                f"{self._losses_in_turn} workers died, and none finished anything "
                f"meanwhile. The last one: {self._reason}"
            )


def _own_error(error: Any) -> Exception:
    """Take the error that a worker raised out of Ray's."""
    cause = error.cause
    return cause if isinstance(cause, (HybridMLError, ImportError, OSError)) else error
