"""How fast each part of the network learns, and how the rate changes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from hybridml.backbones.spec import Backbone, Stage
from hybridml.finetune.learning.freezing import parameters_before

OPTIMIZERS = ("adamw", "sgd")

_WARM_UP = 0.1


def make_optimizer(
    trunk: nn.Module,
    head: nn.Module,
    *,
    optimizer: str = "adamw",
    learning_rate: float,
    head_factor: float,
    bias_factor: float,
    weight_decay: float,
    momentum: float = 0.9,
    layer_decay: float = 1.0,
    depth_of: Mapping[str, int] | None = None,
) -> torch.optim.Optimizer:
    """Make the optimizer; the new head learns faster than the trunk, its bias more so.

    Parameters
    ----------
    trunk : nn.Module
        What needs a gradient now is optimised; it may be frozen for a while later on.
    head : nn.Module
        With the parameters `weight` and `bias`.
    optimizer : {"adamw", "sgd"}, default="adamw"
        SGD has Nesterov momentum. The weight decay of AdamW stands beside the gradient,
        that of SGD is part of it: they need other values.
    learning_rate : float
        Of the trunk, where it is not lowered by depth.
    head_factor, bias_factor : float
        How many times as fast the head's weight and its bias learn.
    weight_decay : float
        Biases and norms do not decay.
    momentum : float, default=0.9
        Of SGD.
    layer_decay : float, default=1.0
        Parameters at depth d learn at ``learning_rate * layer_decay**d``.
    depth_of : mapping of {str: int} or None, default=None
        Depth of the trunk's parameters, by name, as `depths_of` gives it; 0 for those
        that it leaves out.

    References
    ----------
    J. Howard, S. Ruder, "Universal Language Model Fine-tuning for Text Classification",
    ACL 2018, section 3.2 (discriminative rates).
    K. Clark et al., "ELECTRA: Pre-training Text Encoders as Discriminators Rather Than
    Generators", ICLR 2020 (a geometric decay of the rates by depth).
    """
    depths = depth_of or {}
    shared: dict[tuple[float, bool], list[nn.Parameter]] = {}
    for name, parameter in trunk.named_parameters():
        if parameter.requires_grad:
            scale = layer_decay ** depths.get(name, 0)
            shared.setdefault((scale, parameter.ndim <= 1), []).append(parameter)
    groups: list[dict[str, Any]] = [
        {
            "params": shared[scale, is_vector],
            "lr": learning_rate * scale,
            "weight_decay": 0.0 if is_vector else weight_decay,
        }
        for scale, is_vector in sorted(shared)
    ]
    weight, bias = learning_rate * head_factor, learning_rate * bias_factor
    of_head = {name: head.get_parameter(name) for name in ("weight", "bias")}
    groups += [
        {"params": [of_head["weight"]], "lr": weight, "weight_decay": weight_decay},
        {"params": [of_head["bias"]], "lr": bias, "weight_decay": 0.0},
    ]
    if optimizer == "sgd":
        # Fused, it fails where only a part of a group has learned before.
        return torch.optim.SGD(
            groups, lr=learning_rate, momentum=momentum, nesterov=momentum > 0
        )
    # One kernel for all the parameters, where PyTorch has it.
    is_fused = of_head["weight"].device.type in ("cpu", "cuda")
    return torch.optim.AdamW(groups, lr=learning_rate, fused=is_fused)


def depths_of(
    module: nn.Module, backbone: Backbone, last: Stage | None = None
) -> dict[str, int]:
    """Count, for each parameter of the trunk, how many stages it is before the head.

    Only stages with a layer of their own count; a norm by itself belongs to the stage
    before it. So the last layers of the trunk are at depth 1; the head is at 0.

    Parameters
    ----------
    module : nn.Module
        The whole network: the stages of one that is cut already may not be found.
    backbone : Backbone
    last : Stage or None, default=None
        Where the trunk ends; None is the penultimate stage.

    Returns
    -------
    depths : dict of {str: int}
        By the parameter's name, in the order of the network.
    """
    layers = {name for name, p in module.named_parameters() if p.ndim > 1}
    last = last or backbone.stages[-2]
    remaining = parameters_before(module, last)
    depths: dict[str, int] = {}
    depth = 1
    for stage in reversed(backbone.stages[: backbone.stages.index(last)]):
        before = parameters_before(module, stage) & remaining
        own = remaining - before
        if own & layers:
            depths |= dict.fromkeys(own, depth)
            remaining, depth = before, depth + 1
    depths |= dict.fromkeys(remaining, depth)
    return {
        name: depths[name] for name, _ in module.named_parameters() if name in depths
    }


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
