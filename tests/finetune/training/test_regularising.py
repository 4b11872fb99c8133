"""Penalties have the gradients, and the minima, that their formulas say."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from hybridml.finetune.training.regularising import StartPenalty, shrink_to_zero


def _moved(layer: nn.Module) -> None:
    """Move every parameter by something of its own."""
    generator = torch.Generator().manual_seed(1)
    for parameter in layer.parameters():
        parameter.data += torch.randn(parameter.shape, generator=generator)


@given(strength=st.floats(0, 10))
def test_gradients_of_the_start_penalty_are_those_of_its_formula(
    strength: float,
) -> None:
    layer = nn.Linear(5, 3)
    start = [p.detach().clone() for p in layer.parameters()]
    penalty = StartPenalty(layer.parameters(), strength)
    _moved(layer)
    pairs = zip(layer.parameters(), start, strict=True)
    formula = sum(strength / 2 * (p - s).square().sum() for p, s in pairs)
    assert isinstance(formula, Tensor)
    expected = torch.autograd.grad(formula, list(layer.parameters()))
    for parameter in layer.parameters():
        parameter.grad = torch.ones_like(parameter)
    penalty.add_gradients()
    for parameter, gradient in zip(layer.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.grad, 1 + gradient)
    torch.testing.assert_close(penalty.value(), formula.detach())


def test_at_the_start_there_is_no_penalty() -> None:
    layer = nn.Linear(5, 3)
    assert float(StartPenalty(layer.parameters(), 1.0).value()) == 0.0


def test_parameters_without_a_gradient_get_none() -> None:
    layer = nn.Linear(5, 3)
    penalty = StartPenalty(layer.parameters(), 1.0)
    _moved(layer)
    penalty.add_gradients()
    assert layer.weight.grad is None
    layer.bias.grad = torch.zeros(3)
    penalty.add_gradients()
    assert layer.weight.grad is None
    assert layer.bias.grad.abs().min() > 0


def test_a_frozen_trunk_has_no_penalty() -> None:
    penalty = StartPenalty([], 1.0)
    penalty.add_gradients()
    assert float(penalty.value()) == 0.0


def test_a_long_pull_leads_back_to_the_start() -> None:
    layer = nn.Linear(5, 3)
    start = layer.weight.detach().clone()
    penalty = StartPenalty(layer.parameters(), 1.0)
    _moved(layer)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.3)
    for _ in range(60):
        for parameter in layer.parameters():
            parameter.grad = torch.zeros_like(parameter)
        penalty.add_gradients()
        optimizer.step()
    torch.testing.assert_close(layer.weight.detach(), start)


def test_shrinking_stops_at_zero() -> None:
    weight = nn.Parameter(torch.tensor([1.0, -1.0, 0.04, -0.04, 0.0]))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    shrink_to_zero(optimizer, weight, strength=0.5)
    torch.testing.assert_close(weight.data, torch.tensor([0.95, -0.95, 0.0, 0.0, 0.0]))
    assert weight.data[2:].count_nonzero() == 0


def test_shrinking_takes_the_rate_of_the_weight_at_this_step() -> None:
    weight = nn.Parameter(torch.ones(1))
    others = {"params": [nn.Parameter(torch.ones(1))], "lr": 7.0}
    optimizer = torch.optim.SGD([others, {"params": [weight], "lr": 0.1}])
    optimizer.param_groups[1]["lr"] = 0.2
    shrink_to_zero(optimizer, weight, strength=1.0)
    assert weight.item() == pytest.approx(0.8)


def test_weight_of_another_optimizer_is_an_error() -> None:
    weight = nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1)
    with pytest.raises(KeyError, match="does not have this parameter"):
        shrink_to_zero(optimizer, weight, strength=1.0)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_shrinking_minimises_the_loss_plus_the_penalty(momentum: float) -> None:
    # The minimum of (w - t)**2 / 2 + s * |w| is known: t moved by s towards zero.
    targets = torch.tensor([2.0, -0.7, 0.3, -0.1])
    weight = nn.Parameter(torch.zeros(4))
    optimizer = torch.optim.SGD([weight], 0.1, momentum, nesterov=momentum > 0)
    for _ in range(300):
        optimizer.zero_grad()
        (weight - targets).square().sum().div(2).backward()
        optimizer.step()
        shrink_to_zero(optimizer, weight, strength=0.5)
    expected = torch.tensor([1.5, -0.2, 0.0, 0.0])
    torch.testing.assert_close(weight.data, expected, atol=1e-4, rtol=0)
    assert weight.data[2:].count_nonzero() == 0
