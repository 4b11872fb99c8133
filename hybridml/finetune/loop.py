"""The training loop: free functions on tensors; estimators are adapters round it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from hybridml.backbones.counting import count_forwarded
from hybridml.backbones.normalising import normalise
from hybridml.exceptions import DivergedError
from hybridml.finetune.model import Model
from hybridml.finetune.optimizer import make_optimizer, make_schedule
from hybridml.finetune.training_data import TrainingData
from hybridml.images.augment import augment_batch

_MAX_GRADIENT_NORM = 1.0
_EVALUATION_ROWS = 64


@dataclass(frozen=True)
class Settings:
    """How to train; see `FineTuneClassifier` for the meaning of each."""

    epochs: int
    batch_size: int
    learning_rate: float
    head_factor: float
    bias_factor: float
    weight_decay: float
    label_smoothing: float
    augmentation: str
    patience: int | None
    batch_norm_learns: bool
    device: torch.device
    autocast: bool

    @property
    def autocast_on_cpu(self) -> bool:
        """Whether the passes run in bfloat16, and on a CPU."""
        return self.autocast and self.device.type == "cpu"


def train(
    model: Model,
    data: TrainingData,
    settings: Settings,
    *,
    generator: torch.Generator,
    on_epoch: Callable[[dict[str, float]], None],
) -> int:
    """Train a model in place and leave it in its best state.

    The best state is that with the least held-out loss, the state at the start
    (epoch 0) included. Where nothing is held out, all the epochs are run and the last
    state is kept.

    Parameters
    ----------
    model : Model
        On the device of the settings.
    data : TrainingData
    settings : Settings
    generator : torch.Generator
        Of the order of the images and of their augmentation.
    on_epoch : callable
        Called with the measurements of each epoch as it ends, beginning with epoch 0:
        epoch, train_loss, valid_loss, valid_accuracy, seconds.

    Returns
    -------
    best_epoch : int

    Raises
    ------
    DivergedError
        If the loss or a parameter is no longer a finite number; the model is then in
        its best state.
    """
    training = _Training(model, data, settings, generator)
    best = _Best(model, _evaluate(model, data, settings), settings.patience)
    on_epoch({"epoch": 0, "train_loss": math.nan, **best.metrics, "seconds": 0.0})
    for epoch in range(1, settings.epochs + 1):
        started = time.perf_counter()
        losses = list(training.run_epoch())
        if not (np.isfinite(losses).all() and _is_finite(model)):
            best.restore(model)
            raise DivergedError(
                f"Training diverged in epoch {epoch}: the loss or a parameter is not "
                "a finite number. Lower learning_rate (now "
                f"{settings.learning_rate:g})."
            )
        metrics = _evaluate(model, data, settings)
        seconds = time.perf_counter() - started
        row = {"epoch": epoch, "train_loss": float(np.mean(losses)), **metrics}
        on_epoch({**row, "seconds": seconds})
        if len(data.held_out) and best.is_over(model, epoch, metrics):
            break
    if not len(data.held_out):
        return settings.epochs
    best.restore(model)
    return best.epoch


class _Best:
    """The best state so far."""

    def __init__(
        self, model: nn.Module, metrics: dict[str, float], patience: int | None
    ) -> None:
        self.epoch = 0
        self.metrics = metrics
        self._patience = patience
        self._state = _learned_state(model)

    def is_over(self, model: nn.Module, epoch: int, metrics: dict[str, float]) -> bool:
        """Take a better state over; say whether patience has run out."""
        if metrics["valid_loss"] < self.metrics["valid_loss"]:
            self.epoch, self.metrics = epoch, metrics
            self._state = _learned_state(model)
        patience = self._patience
        return patience is not None and epoch - self.epoch >= patience

    def restore(self, model: nn.Module) -> None:
        """Put the best state back."""
        model.load_state_dict(self._state, strict=False)


class _Training:
    """The steps of the optimizer, epoch after epoch."""

    def __init__(
        self,
        model: Model,
        data: TrainingData,
        settings: Settings,
        generator: torch.Generator,
    ) -> None:
        self._model = model
        self._data = data
        self._settings = settings
        self._generator = generator
        self._optimizer = make_optimizer(
            model.trunk,
            model.head,
            learning_rate=settings.learning_rate,
            head_factor=settings.head_factor,
            bias_factor=settings.bias_factor,
            weight_decay=settings.weight_decay,
        )
        n_batches = math.ceil(len(data.train) / settings.batch_size)
        self._schedule = make_schedule(self._optimizer, settings.epochs * n_batches)
        self._learned = [p for p in model.parameters() if p.requires_grad]

    def run_epoch(self) -> Iterator[float]:
        """Go through the training images once, and give the loss of each batch."""
        self._model.train()
        if not self._settings.batch_norm_learns:
            _freeze_batch_norm(self._model)
        size, generator = self._settings.batch_size, self._generator
        for batch in shuffled_batches(self._data.train, size, generator):
            yield self._step(batch)

    def _step(self, batch: npt.NDArray[np.intp]) -> float:
        settings, data = self._settings, self._data
        scores = _forward(
            self._model, data, settings, batch, settings.augmentation, self._generator
        )
        losses = nn.functional.cross_entropy(
            scores,
            data.targets[batch].to(settings.device),
            reduction="none",
            label_smoothing=settings.label_smoothing,
        )
        weights = data.weights[batch].to(settings.device)
        loss = (losses * weights).sum() / weights.sum()
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self._learned, _MAX_GRADIENT_NORM)
        self._optimizer.step()
        self._schedule.step()
        return float(loss.detach())


def shuffled_batches(
    positions: npt.NDArray[np.intp], batch_size: int, generator: torch.Generator
) -> Iterator[npt.NDArray[np.intp]]:
    """Share positions out to batches at random, each position to one.

    A single position left over goes into the last batch: a batch norm cannot learn from
    one image.
    """
    order = positions[torch.randperm(len(positions), generator=generator).numpy()]
    starts = list(range(0, len(order), batch_size))
    if batch_size > 1 and len(starts) > 1 and len(order) - starts[-1] == 1:
        starts.pop()
    yield from np.split(order, starts[1:])


@torch.inference_mode()
def _evaluate(model: Model, data: TrainingData, settings: Settings) -> dict[str, float]:
    if not len(data.held_out):
        return {"valid_loss": math.nan, "valid_accuracy": math.nan}
    model.eval()
    scores = []
    for start in range(0, len(data.held_out), _EVALUATION_ROWS):
        part = data.held_out[start : start + _EVALUATION_ROWS]
        scores.append(_forward(model, data, settings, part, "none", torch.Generator()))
    every = torch.cat(scores).cpu()
    targets, weights = data.targets[data.held_out], data.weights[data.held_out]
    losses = nn.functional.cross_entropy(every, targets, reduction="none")
    right = (every.argmax(dim=1) == targets).float()
    return {
        "valid_loss": float((losses * weights).sum() / weights.sum()),
        "valid_accuracy": float((right * weights).sum() / weights.sum()),
    }


def _forward(
    model: Model,
    data: TrainingData,
    settings: Settings,
    positions: npt.NDArray[np.intp],
    augmentation: str,
    generator: torch.Generator,
) -> Tensor:
    pixels = data.pixels.take(positions).to(settings.device)
    crop = data.preprocessing.crop
    images = augment_batch(pixels, policy=augmentation, crop=crop, generator=generator)
    images = normalise(images, data.preprocessing)
    images = images.contiguous(memory_format=torch.channels_last)
    count_forwarded(len(positions))
    device = settings.device.type
    with torch.autocast(device, torch.bfloat16, enabled=settings.autocast):
        scores: Tensor = model(images)
    return scores.float()


def _is_finite(model: nn.Module) -> bool:
    learned = [p.detach() for p in model.parameters() if p.requires_grad]
    return all(bool(torch.isfinite(p).all()) for p in learned)


def _freeze_batch_norm(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.eval()


def _learned_state(model: nn.Module) -> dict[str, Tensor]:
    """Copy what training changes: learned parameters, and all buffers."""
    learned = {name for name, p in model.named_parameters() if p.requires_grad}
    learned |= {name for name, _ in model.named_buffers()}
    state = model.state_dict()
    return {name: state[name].clone() for name in state if name in learned}
