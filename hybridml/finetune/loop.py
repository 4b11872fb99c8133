"""The training loop: free functions on tensors; estimators are adapters round it."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from hybridml.backbones.network import count_forwarded, normalise
from hybridml.backbones.spec import Preprocessing
from hybridml.exceptions import DivergedError
from hybridml.finetune.pixels import Pixels
from hybridml.images.augment import augment_batch

_WARM_UP = 0.1
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


@dataclass(frozen=True)
class TrainingData:
    """What is learned from, and what is held out to choose the epoch.

    Attributes
    ----------
    pixels : Pixels
    targets : Tensor of shape (n_images,), int64
    weights : Tensor of shape (n_images,), float32
        Weight of each image in the loss.
    train, held_out : ndarray of int
        Positions; `held_out` may be empty.
    """

    pixels: Pixels
    targets: Tensor
    weights: Tensor
    train: npt.NDArray[np.intp]
    held_out: npt.NDArray[np.intp]
    preprocessing: Preprocessing


class Model(nn.Module):
    """A trunk that ends in the penultimate features, and a linear head on them."""

    def __init__(self, trunk: nn.Module, node: str, head: nn.Linear, dropout: float):
        super().__init__()
        self.trunk = trunk
        self.node = node
        self.dropout = nn.Dropout(dropout)
        self.head = head

    def forward(self, images: Tensor) -> Tensor:
        """Class scores of shape (n, n_classes) of normalised images."""
        features = self.trunk(images)[self.node].flatten(1)
        scores: Tensor = self.head(self.dropout(features))
        return scores


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
    (epoch 0) included; where nothing is held out, it is the last.

    Returns
    -------
    best_epoch : int

    Raises
    ------
    DivergedError
        If the loss is no longer a finite number; the model is then in its best state.
    """
    optimizer = _make_optimizer(model, settings)
    n_batches = max(1, math.ceil(len(data.train) / settings.batch_size))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: _rate_at(step, settings.epochs * n_batches)
    )
    best = _Best(model, _evaluate(model, data, settings), settings.patience)
    on_epoch({"epoch": 0, "train_loss": math.nan, **best.metrics, "seconds": 0.0})
    for epoch in range(1, settings.epochs + 1):
        started = time.perf_counter()
        losses = list(_run_epoch(model, data, settings, optimizer, schedule, generator))
        if not np.isfinite(losses).all():
            best.restore(model)
            raise DivergedError(
                f"The loss of epoch {epoch} is not a finite number. Lower "
                f"learning_rate (now {settings.learning_rate:g})."
            )
        metrics = _evaluate(model, data, settings)
        seconds = time.perf_counter() - started
        row = {"epoch": epoch, "train_loss": float(np.mean(losses)), **metrics}
        on_epoch({**row, "seconds": seconds})
        if best.is_over(model, epoch, metrics):
            break
    if len(data.held_out):
        best.restore(model)
        return best.epoch
    return settings.epochs


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


def _run_epoch(
    model: Model,
    data: TrainingData,
    settings: Settings,
    optimizer: torch.optim.Optimizer,
    schedule: Any,
    generator: torch.Generator,
) -> Iterator[float]:
    model.train()
    if not settings.batch_norm_learns:
        _freeze_batch_norm(model)
    learned = [p for p in model.parameters() if p.requires_grad]
    for batch in _shuffled(data.train, settings.batch_size, generator):
        scores = _forward(
            model, data, settings, batch, settings.augmentation, generator
        )
        targets = data.targets[batch].to(settings.device)
        losses = nn.functional.cross_entropy(
            scores, targets, reduction="none", label_smoothing=settings.label_smoothing
        )
        weights = data.weights[batch].to(settings.device)
        loss = (losses * weights).sum() / weights.sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(learned, _MAX_GRADIENT_NORM)
        optimizer.step()
        schedule.step()
        yield float(loss.detach())


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
        "valid_accuracy": float(right.mean()),
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


def _shuffled(
    positions: npt.NDArray[np.intp], batch_size: int, generator: torch.Generator
) -> Iterator[npt.NDArray[np.intp]]:
    order = torch.randperm(len(positions), generator=generator).numpy()
    for start in range(0, len(order), batch_size):
        part = order[start : start + batch_size]
        # A batch norm cannot learn from one image.
        if len(part) > 1 or len(order) == 1:
            yield positions[part]


def _make_optimizer(model: Model, settings: Settings) -> torch.optim.Optimizer:
    """AdamW; the new head learns faster than the trunk, its bias faster still."""
    rate, decay = settings.learning_rate, settings.weight_decay
    trunk = [p for p in model.trunk.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trunk if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in trunk if p.ndim <= 1], "weight_decay": 0.0},
        {
            "params": [model.head.weight],
            "lr": rate * settings.head_factor,
            "weight_decay": decay,
        },
        {
            "params": [model.head.bias],
            "lr": rate * settings.bias_factor,
            "weight_decay": 0.0,
        },
    ]
    return torch.optim.AdamW([g for g in groups if g["params"]], lr=rate)


def _rate_at(step: int, n_steps: int) -> float:
    """Linear warm-up, then half a cosine down to zero."""
    warm_up = max(1, round(n_steps * _WARM_UP))
    if step < warm_up:
        return (step + 1) / warm_up
    done = (step - warm_up) / max(1, n_steps - warm_up)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def _freeze_batch_norm(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.eval()


def _learned_state(model: nn.Module) -> dict[str, Tensor]:
    """Copy what training changes: learned parameters, and all buffers."""
    learned = {name for name, p in model.named_parameters() if p.requires_grad}
    learned |= {name for name, _ in model.named_buffers()}
    state = model.state_dict()
    return {name: copy.deepcopy(state[name]) for name in state if name in learned}
