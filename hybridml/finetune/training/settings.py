"""How to train, with every "auto" resolved."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Settings:
    """How to train; see `FineTuneClassifier` for the meaning of each."""

    epochs: int
    batch_size: int
    optimizer: str
    learning_rate: float
    head_factor: float
    bias_factor: float
    layer_decay: float
    weight_decay: float
    l2_sp: float
    l1_head: float
    max_gradient_norm: float | None
    label_smoothing: float
    mixup: float
    cutmix: float
    ema_decay: float | None
    gradual_unfreezing: bool
    patience: int | None
    batch_norm_learns: bool
    start_is_trained: bool
    seed: int
    device: torch.device
    autocast: bool
