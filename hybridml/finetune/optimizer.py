"""How fast each part of the network learns, and how the rate changes."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

_WARM_UP = 0.1


def make_optimizer(
    trunk: nn.Module,
    head: nn.Linear,
    *,
    learning_rate: float,
    head_factor: float,
    bias_factor: float,
    weight_decay: float,
) -> torch.optim.Optimizer:
    """Make AdamW; the new head learns faster than the trunk, its bias faster still.

    Biases and norms do not decay.
    """
    learned = [p for p in trunk.parameters() if p.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [p for p in learned if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in learned if p.ndim <= 1], "weight_decay": 0.0},
        {
            "params": [head.weight],
            "lr": learning_rate * head_factor,
            "weight_decay": weight_decay,
        },
        {
            "params": [head.bias],
            "lr": learning_rate * bias_factor,
            "weight_decay": 0.0,
        },
    ]
    # One kernel for all the parameters, where PyTorch has it.
    is_fused = head.weight.device.type in ("cpu", "cuda")
    used = [group for group in groups if group["params"]]
    return torch.optim.AdamW(used, lr=learning_rate, fused=is_fused)


def make_schedule(
    optimizer: torch.optim.Optimizer, n_steps: int
) -> torch.optim.lr_scheduler.LambdaLR:
    """Change all the rates alike: a linear warm-up, then half a cosine down to 0."""
    return torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: rate_at(step, n_steps)
    )


def rate_at(step: int, n_steps: int) -> float:
    """Part of the full rate at a step; the first tenth of the steps warms up.

    Examples
    --------
    >>> [round(rate_at(step, 20), 2) for step in (0, 1, 2, 11, 20)]
    [0.5, 1.0, 1.0, 0.5, 0.0]
    """
    warm_up = max(1, round(n_steps * _WARM_UP))
    if step < warm_up:
        return (step + 1) / warm_up
    done = (step - warm_up) / max(1, n_steps - warm_up)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
