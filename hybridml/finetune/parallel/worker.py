"""What each process of a training runs, started by Ray Train."""

from __future__ import annotations

import pickle
import time
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from hybridml._optional import require
from hybridml.backbones.registry import register_backbone
from hybridml.exceptions import DivergedError, HybridMLError, HybridMLWarning
from hybridml.finetune.fitting import fit_network
from hybridml.finetune.parallel.job import Job
from hybridml.finetune.parallel.meeting import met
from hybridml.finetune.parallel.packing import pack, unpack
from hybridml.finetune.parallel.process_group import PeerLostError, ProcessGroup
from hybridml.finetune.watching.callbacks import Callback

_SAVE_EVERY_S = 60.0


def work(job: Job) -> None:
    """Train with the images of this process, and with the others.

    An error that would come up again is told to the keeper, and ends the training; that
    another process was lost is raised, upon which Ray Train starts all of them anew.
    """
    ray = require("ray", extra="ray", why="Training in several processes")
    train = require("ray.train", extra="ray", why="Training in several processes")
    context = train.get_context()
    if ray.get(job.keeper.is_over.remote()):
        return
    try:
        _work(ray, job, context.get_world_rank(), context.get_world_size())
    except PeerLostError:
        raise
    except Exception as error:
        ray.get(job.keeper.fail.remote(_portable(error)))
        raise


def _portable(error: Exception) -> Exception:
    """Make an error that can be sent, and says where it came from if it is not ours."""
    if isinstance(error, HybridMLError):
        return error
    error.add_note(f"In a worker:\n{traceback.format_exc()}")
    try:
        pickle.dumps(error)
    except (pickle.PicklingError, TypeError, AttributeError):
        return HybridMLError(f"{type(error).__name__}: {error}")
    return error


def _work(ray: Any, job: Job, rank: int, size: int) -> None:
    why = "Training in several processes"
    collective = require("ray.train.collective", extra="ray", why=why)
    attempt = ray.get(job.keeper.begin.remote()) if rank == 0 else None
    line = _Line(ray, job.keeper, collective.broadcast_from_rank_zero(attempt))
    for backbone in job.declared:
        register_backbone(backbone, overwrite=True)
    estimator = job.estimator
    images = job.images(rank, ray.get(job.shards[rank]))
    meeting = met(
        rank,
        size,
        host=ray.util.get_node_ip_address(),
        has_gpu=torch.device(estimator.device).type == "cuda",
        share=collective.broadcast_from_rank_zero,
    )
    with meeting, _warnings_told(line):
        group = ProcessGroup(job.owners, line.is_to_stop)
        error = None
        try:
            fit_network(
                estimator,
                images,
                job.targets,
                [_Relay(line)] if rank == 0 else [],
                group=group,
                checkpoints=partial(_Sent, line, is_first=rank == 0),
            )
        except DivergedError as exc:  # the best state before that is there
            error = exc
        if rank == 0:
            result = ray.cloudpickle.dumps((_fitted(estimator), error))
            line.finish(result)


def _fitted(estimator: Any) -> dict[str, Any]:
    """Give what the fit found, in a form that needs no device."""
    names = ("n_epochs_", "best_epoch_", "interrupted_")
    found = {name: getattr(estimator, name) for name in names}
    return {**found, "tuned_": estimator.tuned_.__getstate__()}


@dataclass
class _Line:
    """The line from this process to the keeper, for one attempt."""

    ray: Any
    keeper: Any
    attempt: int
    _asked: Any = None
    _saving: Any = None

    def tell(self, name: str, value: Any) -> None:
        """Send news, without waiting."""
        self.keeper.tell.remote(self.attempt, (name, value))

    def is_to_stop(self) -> bool:
        """Whether the training is to end, as it was when this was last asked."""
        asked, self._asked = self._asked, self.keeper.is_to_stop.remote()
        return asked is not None and bool(self.ray.get(asked))

    def save(self, part: str, state: bytes) -> None:
        """Send a state, once the last one has arrived."""
        if self._saving is not None:
            self.ray.get(self._saving)
        self._saving = self.keeper.save.remote(self.attempt, part, state)

    def load(self, part: str) -> bytes | None:
        """Ask for a state."""
        state: bytes | None = self.ray.get(self.keeper.load.remote(part))
        return state

    def finish(self, result: bytes) -> None:
        """Send what came of the training, and wait until it has arrived."""
        self.ray.get(self.keeper.finish.remote(self.attempt, result))


class _Relay(Callback):
    """Passes on to the keeper what callbacks are told."""

    def __init__(self, line: _Line) -> None:
        self._line = line

    def on_fit_begin(self, estimator: Any) -> None:
        self._line.tell("begin", estimator.n_epochs_)

    def on_epoch_end(self, estimator: Any, metrics: Mapping[str, float]) -> None:
        self._line.tell("epoch", dict(metrics))

    def on_step_end(self, estimator: Any, done: int, total: int) -> None:
        self._line.tell("step", (done, total))


class _Sent:
    """Keeps the state of a part with the keeper; the first process alone sends it."""

    def __init__(self, line: _Line, part: str, *, is_first: bool) -> None:
        self._line, self._part, self._is_first = line, part, is_first
        self._saved = time.monotonic()

    @property
    def is_due(self) -> bool:
        return self._is_first and time.monotonic() - self._saved >= _SAVE_EVERY_S

    def save(self, state: Mapping[str, Any]) -> None:
        if self._is_first:
            self._line.save(self._part, pack(state))
            self._saved = time.monotonic()

    def load(self) -> dict[str, Any] | None:
        packed = self._line.load(self._part)
        return None if packed is None else unpack(packed)


@contextmanager
def _warnings_told(line: _Line) -> Iterator[None]:
    """Send warnings of ours to where somebody sees them."""

    def show(message: Any, category: type[Warning], *_: Any, **__: Any) -> None:
        if issubclass(category, HybridMLWarning):
            line.tell("warning", (str(message), category))

    with warnings.catch_warnings():
        warnings.simplefilter("always", HybridMLWarning)
        warnings.showwarning = show
        yield
