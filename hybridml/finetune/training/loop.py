"""The training loop: free functions on tensors; estimators are adapters round it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hybridml.exceptions import DivergedError
from hybridml.finetune.feeding.batches import Batches
from hybridml.finetune.feeding.training_data import TrainingData
from hybridml.finetune.learning.tasks import Task
from hybridml.finetune.learning.trainable import Trainable
from hybridml.finetune.parallel.group import ALONE, Group
from hybridml.finetune.training.best_state import BestState
from hybridml.finetune.training.checkpoint import Keeping
from hybridml.finetune.training.evaluation import evaluate
from hybridml.finetune.training.order import count_batches, shuffled_batches
from hybridml.finetune.training.seeding import generator_for
from hybridml.finetune.training.settings import Settings
from hybridml.finetune.training.steps import Steps
from hybridml.finetune.training.unfreezing import let_learn, unfreeze_schedule

Row = dict[str, float]


@dataclass(frozen=True)
class Outcome:
    """How a training run ended; the model is in its best state.

    Attributes
    ----------
    best_epoch : int
        Whose state was kept; 0 is the start.
    interrupted_in : int or None
        Epoch that ctrl-C ended, if it did.
    """

    best_epoch: int
    interrupted_in: int | None = None


def train(
    model: Trainable,
    task: Task,
    inputs: Batches,
    data: TrainingData,
    settings: Settings,
    *,
    depths: Mapping[str, int],
    group: Group = ALONE,
    checkpoint: Keeping | None = None,
    n_epochs: int | None = None,
    on_epoch: Callable[[Row], None],
    on_step: Callable[[int, int], None],
) -> Outcome:
    """Train a model in place and leave it in its best state.

    The best state is that with the least held-out loss; a start that is trained already
    (epoch 0) gives way only to one that is better by more than a standard error. Where
    nothing is held out, all the epochs are run and the last state is kept. Ctrl-C ends
    training and keeps the best state so far.

    Parameters
    ----------
    model : Trainable
        On the device of the settings.
    task : Task
    inputs : Batches
    data : TrainingData
    settings : Settings
    depths : mapping of {str: int}
        Of the trunk's parameters; see `hybridml.finetune.training.optimizer.depths_of`.
    group : Group, default=ALONE
        Who trains: each process calls this with the same arguments, but its images.
    checkpoint : Keeping or None, default=None
        Where the run is kept, and resumed from.
    n_epochs : int or None, default=None
        Stop after so many; None for those of the settings, which the rates are planned
        for in any case.
    on_epoch : callable
        Called with the measurements of each epoch as it ends, beginning with epoch 0:
        epoch, train_loss, valid_loss, the task's score, seconds. Where a run is
        resumed, those before are repeated.
    on_step : callable
        Called after each step with their number so far, and how many an epoch has.

    Returns
    -------
    outcome : Outcome

    Raises
    ------
    DivergedError
        If the loss or a parameter is no longer a finite number; the model is then in
        its best state, which the error's `best_epoch` names.
    """
    run = _Run(model, task, inputs, data, settings, depths, group, checkpoint)
    run.begin(on_epoch)
    last = settings.epochs if n_epochs is None else n_epochs
    try:
        while run.epoch <= last and not run.best.is_patience_over:
            run.go_on(on_epoch, on_step)
    except KeyboardInterrupt:
        run.best.restore(model)
        return Outcome(run.best.epoch, interrupted_in=run.reached)
    except DivergedError as error:
        run.note_divergence(on_epoch)
        run.best.restore(model)
        error.best_epoch = run.best.epoch
        raise
    finally:
        run.open_all_stages()
    run.best.restore(model)
    return Outcome(run.best.epoch)


class _Run:
    """A training run: how far it is, and what it has found."""

    def __init__(
        self,
        model: Trainable,
        task: Task,
        inputs: Batches,
        data: TrainingData,
        settings: Settings,
        depths: Mapping[str, int],
        group: Group,
        checkpoint: Keeping | None,
    ) -> None:
        self._model = model
        self._score_name = task.score_name
        self._data = data
        self._settings = settings
        self._group = group
        self._checkpoint = checkpoint
        n_batches = count_batches(len(data.train), settings.batch_size, group)
        self._steps = Steps(
            model,
            task,
            inputs,
            data,
            settings,
            depths=depths,
            group=group,
            n_steps=settings.epochs * n_batches,
        )
        own = {name: p for name, p in model.trunk.named_parameters() if p.requires_grad}
        self._scope = {name: depths.get(name, 0) for name in own}
        self._evaluate = lambda: evaluate(model, task, inputs, data, settings, group)
        self.best = BestState(
            model,
            data.weights[data.held_out],
            patience=settings.patience,
            start_counts=settings.start_is_trained,
        )
        self.epoch = 0
        self._losses: list[float] = []
        self._seconds = 0.0
        self._rows: list[Row] = []

    @property
    def reached(self) -> int:
        """The epoch that steps were taken in last."""
        return self.epoch if self._losses else self.epoch - 1

    def begin(self, on_epoch: Callable[[Row], None]) -> None:
        """Judge the start, or go back to where an earlier run was killed."""
        state = self._checkpoint.load() if self._checkpoint else None
        if state is not None:
            self._load(state)
            for row in self._rows:
                on_epoch(row)
            return
        self._finish_epoch({"epoch": 0, "train_loss": math.nan}, 0.0, on_epoch)

    def go_on(
        self, on_epoch: Callable[[Row], None], on_step: Callable[[int, int], None]
    ) -> None:
        """Train for an epoch, or what is left of it, and judge its end."""
        started = time.perf_counter() - self._seconds
        self._open_stages()
        self._model.prepare_to_train(batch_norm_learns=self._settings.batch_norm_learns)
        generator = generator_for(self._settings.seed, "order", self.epoch)
        size = self._settings.batch_size
        batches = list(shuffled_batches(self._data.train, size, generator, self._group))
        for batch in batches[len(self._losses) :]:
            self._losses.append(self._steps.step(batch, view=self.epoch - 1))
            self._check_finite([self._losses[-1]])
            on_step(len(self._losses), len(batches))
            self._seconds = time.perf_counter() - started
            if self._checkpoint and self._checkpoint.is_due:
                self._checkpoint.save(self._state())
            self._group.go_on()
        self._check_finite(p.detach() for p in self._steps.learned)
        row = {"epoch": self.epoch, "train_loss": float(np.mean(self._losses))}
        self._finish_epoch(row, started, on_epoch)

    def note_divergence(self, on_epoch: Callable[[Row], None]) -> None:
        """Let the history show the epoch whose loss is no number."""
        unknown = dict.fromkeys(("valid_loss", self._score_name), math.nan)
        row = {"epoch": self.epoch, "train_loss": math.nan, **unknown}
        on_epoch({**row, "seconds": self._seconds})

    def _finish_epoch(
        self, row: Row, started: float, on_epoch: Callable[[Row], None]
    ) -> None:
        with self._steps.averaged():
            measured, losses = self._evaluate()
            row |= measured
            self.best.consider(self._model, self.epoch, losses)
        row["seconds"] = time.perf_counter() - started if self.epoch else 0.0
        self._rows.append(row)
        self.epoch, self._losses, self._seconds = self.epoch + 1, [], 0.0
        if self._checkpoint:
            self._checkpoint.save(self._state())
        on_epoch(row)

    def open_all_stages(self) -> None:
        """Leave the model as it was given: all of the scope can learn again."""
        let_learn(self._model.trunk, self._scope, scope=self._scope)

    def _open_stages(self) -> None:
        if self._settings.gradual_unfreezing:
            schedule = unfreeze_schedule(self._scope, self._settings.epochs)
            names = schedule[self.epoch - 1]
            let_learn(self._model.trunk, names, scope=self._scope)

    def _check_finite(self, values: Iterator[Tensor] | list[float]) -> None:
        for value in values:
            if not bool(torch.isfinite(torch.as_tensor(value)).all()):
                raise DivergedError(
                    f"Training diverged in epoch {self.epoch}: the loss or a parameter "
                    "is not a finite number. Lower learning_rate (now "
                    f"{self._settings.learning_rate:g})."
                )

    def _state(self) -> dict[str, Any]:
        return {
            "epoch": self.epoch,
            "losses": self._losses,
            "seconds": self._seconds,
            "rows": self._rows,
            "steps": self._steps.state_dict(),
            "best": self.best.state_dict(),
        }

    def _load(self, state: dict[str, Any]) -> None:
        self.epoch, self._losses = state["epoch"], state["losses"]
        self._seconds, self._rows = state["seconds"], state["rows"]
        self._steps.load_state_dict(state["steps"])
        self.best.load_state_dict(state["best"])
