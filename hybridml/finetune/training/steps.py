"""The steps of the optimizer, and all that acts on the weights in one."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from hybridml.finetune.feeding.batches import Batches
from hybridml.finetune.feeding.training_data import TrainingData
from hybridml.finetune.learning.tasks import Task
from hybridml.finetune.learning.trainable import Trainable
from hybridml.finetune.parallel.group import ALONE, Group
from hybridml.finetune.training.averaging import AveragedWeights
from hybridml.finetune.training.back_off import accumulate
from hybridml.finetune.training.mixing import mix_batch
from hybridml.finetune.training.optimizer import make_optimizer, make_schedule
from hybridml.finetune.training.regularising import StartPenalty, shrink_to_zero
from hybridml.finetune.training.seeding import generator_for, reseed, seed_for
from hybridml.finetune.training.settings import Settings


class Steps:
    """Takes the steps of a training run, and can be resumed between any two.

    Parameters
    ----------
    model : Trainable
        The parameters of its trunk that need a gradient now are learned.
    task : Task
    inputs : Batches
    data : TrainingData
    settings : Settings
    depths : mapping of {str: int}
        Of the trunk's parameters.
    group : Group, default=ALONE
        Who takes the steps: each with the images of a batch that are its own.
    n_steps : int or None, default=None
        Of the whole run, for the schedule of the rates; None leaves them alone.
    """

    def __init__(
        self,
        model: Trainable,
        task: Task,
        inputs: Batches,
        data: TrainingData,
        settings: Settings,
        *,
        depths: Mapping[str, int],
        group: Group = ALONE,
        n_steps: int | None = None,
    ) -> None:
        self._model = model
        self._task = task
        self._inputs = inputs
        self._data = data
        self._settings = settings
        self._group = group
        self.learned = [p for p in model.parameters() if p.requires_grad]
        self.optimizer = make_optimizer(
            model.trunk,
            model.head,
            optimizer=settings.optimizer,
            learning_rate=settings.learning_rate,
            head_factor=settings.head_factor,
            bias_factor=settings.bias_factor,
            weight_decay=settings.weight_decay,
            layer_decay=settings.layer_decay,
            depth_of=depths,
        )
        self._schedule = make_schedule(self.optimizer, n_steps) if n_steps else None
        trunk = [p for p in model.trunk.parameters() if p.requires_grad]
        decay = settings.ema_decay
        self._pull = StartPenalty(trunk, settings.l2_sp) if settings.l2_sp else None
        self._average = AveragedWeights(model, decay) if decay else None
        buffers = model.buffers() if settings.batch_norm_learns else []
        self._statistics = [b for b in buffers if b.is_floating_point()]
        self._n_parts = 1
        self._n_done = 0

    def step(self, batch: npt.NDArray[np.intp], *, view: int) -> float:
        """Learn from a batch, and return its loss.

        Parameters
        ----------
        batch : ndarray of int
            Positions of the images.
        view : int
            Which variation of them.
        """
        settings = self._settings
        number = self._n_done * self._group.size + self._group.rank
        reseed(seed_for(settings.seed, "dropout", number), settings.device)
        loss = self._backward(batch, view)
        self._group.average(self._statistics)
        if self._pull:
            self._pull.add_gradients()
        if settings.max_gradient_norm is not None:
            nn.utils.clip_grad_norm_(self.learned, settings.max_gradient_norm)
        self.optimizer.step()
        if settings.l1_head:
            weight = self._model.head.get_parameter("weight")
            shrink_to_zero(self.optimizer, weight, settings.l1_head)
        if self._schedule:
            self._schedule.step()
        if self._average:
            self._average.update()
        self._n_done += 1
        return loss

    def averaged(self) -> AbstractContextManager[None]:
        """Give the model its averaged weights for a while, if they are averaged."""
        return self._average.swapped_in() if self._average else nullcontext()

    def _backward(self, batch: npt.NDArray[np.intp], view: int) -> float:
        settings, task = self._settings, self._task
        own = self._group.own(batch)
        inputs = self._inputs.take(own, view)
        targets = self._data.targets[own].to(settings.device)
        weights = self._data.weights[own].to(settings.device)
        if settings.mixup or settings.cutmix:
            inputs, targets, weights = mix_batch(
                inputs,
                task.spread_out(targets),
                weights,
                mixup=settings.mixup,
                cutmix=settings.cutmix,
                generator=generator_for(settings.seed, "mixing", self._n_done),
            )
        total = weights.sum()
        self._group.add_up([total])

        def run_part(rows: slice) -> Tensor:
            outputs = self._model.run(inputs[rows], autocast=settings.autocast)
            losses = task.losses(outputs, targets[rows], settings.label_smoothing)
            share: Tensor = (losses * weights[rows]).sum() / total
            return share

        clear = self.optimizer.zero_grad
        loss, self._n_parts = accumulate(run_part, len(own), self._n_parts, clear=clear)
        found = [p.grad for p in self.learned if p.grad is not None]
        self._group.add_up([*found, loss])
        return float(loss)

    def state_dict(self) -> dict[str, Any]:
        """Give all that is needed to go on in another process."""
        model = self._model.state_dict()
        names = {n for n, p in self._model.named_parameters() if id(p) in self._ids}
        names |= {name for name, _ in self._model.named_buffers()}
        return {
            "n_done": self._n_done,
            "model": {name: model[name] for name in model if name in names},
            "optimizer": self.optimizer.state_dict(),
            "schedule": self._schedule.state_dict() if self._schedule else None,
            "average": self._average.state_dict() if self._average else None,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where another process ended."""
        self._n_done = state["n_done"]
        self._model.load_state_dict(state["model"], strict=False)
        self.optimizer.load_state_dict(state["optimizer"])
        if self._schedule:
            self._schedule.load_state_dict(state["schedule"])
        if self._average:
            self._average.load_state_dict(state["average"])

    @property
    def _ids(self) -> set[int]:
        return {id(parameter) for parameter in self.learned}
