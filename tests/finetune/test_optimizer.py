"""The head learns faster than the trunk, biases do not decay, rates rise and fall."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from hybridml.finetune.optimizer import make_optimizer, make_schedule, rate_at


def _optimizer(trunk: nn.Module) -> torch.optim.Optimizer:
    return make_optimizer(
        trunk,
        nn.Linear(4, 2),
        learning_rate=0.001,
        head_factor=10.0,
        bias_factor=20.0,
        weight_decay=0.1,
    )


def test_each_part_has_its_rate_and_decay() -> None:
    trunk = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
    groups = _optimizer(trunk).param_groups
    found = [
        (len(g["params"]), pytest.approx(g["lr"]), g["weight_decay"]) for g in groups
    ]
    # The convolution's kernel; its bias and the norm; the head's weight and its bias.
    assert found == [(1, 0.001, 0.1), (3, 0.001, 0.0), (1, 0.01, 0.1), (1, 0.02, 0.0)]


def test_frozen_parameters_are_not_optimised() -> None:
    trunk = nn.Linear(4, 4).requires_grad_(False)
    groups = _optimizer(trunk).param_groups
    assert [len(group["params"]) for group in groups] == [1, 1]


def test_schedule_ends_near_zero() -> None:
    optimizer = _optimizer(nn.Linear(4, 4))
    schedule = make_schedule(optimizer, 30)
    for _ in range(30):
        optimizer.step()
        schedule.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.0, abs=1e-9)


@given(n_steps=st.integers(1, 500))
def test_rate_rises_to_its_full_height_then_falls(n_steps: int) -> None:
    rates = [rate_at(step, n_steps) for step in range(n_steps)]
    peak = rates.index(max(rates))
    assert max(rates) == 1.0
    assert all(0 < rate <= 1 for rate in rates)
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)


def test_no_steps_have_a_rate_too() -> None:
    assert rate_at(0, 0) == 1.0
