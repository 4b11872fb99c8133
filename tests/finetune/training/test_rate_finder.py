"""The range test finds a rate that works, and leaves nothing changed."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from hybridml.exceptions import DivergedError
from hybridml.finetune.training.rate_finder import RateCurve, find_rate

Step = Callable[[], float]


def _bowl(curvature: float = 10.0) -> tuple[Step, torch.optim.Optimizer]:
    """Give a loss on which gradient descent diverges above 2 / curvature."""
    weight = nn.Parameter(torch.ones(4))
    optimizer = torch.optim.SGD([weight], lr=1e-3)

    def step() -> float:
        optimizer.zero_grad()
        loss = curvature / 2 * weight.square().sum()
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    return step, optimizer


@pytest.mark.parametrize("curvature", [1.0, 10.0, 1000.0])
def test_suggestion_is_below_the_rate_that_diverges_and_near_it(
    curvature: float,
) -> None:
    step, optimizer = _bowl(curvature)
    curve = find_rate(step, optimizer, highest=100.0)
    for rate in (curve.suggestion, curve.tenth_of_best):
        assert 0.002 / curvature < rate < 2 / curvature


def test_it_stops_when_the_loss_explodes() -> None:
    step, optimizer = _bowl()
    curve = find_rate(step, optimizer, highest=1e4)
    assert len(curve.rates) == len(curve.losses) == len(curve.smoothed) < 100
    assert curve.smoothed[-1] > 4 * curve.smoothed[:-1].min()
    assert np.isfinite(curve.losses).all()


def test_batches_that_differ_from_the_start_are_no_explosion() -> None:
    losses = np.tile([0.01, 0.3], 50)
    remaining = iter(losses)
    _, optimizer = _bowl()
    curve = find_rate(lambda: float(next(remaining)), optimizer)
    assert curve.losses.tolist() == losses.tolist()


def test_it_stops_when_the_loss_is_no_number() -> None:
    losses = iter([1.0, 0.9, 0.8, math.nan])
    _, optimizer = _bowl()
    curve = find_rate(lambda: next(losses), optimizer)
    assert curve.losses.tolist() == [1.0, 0.9, 0.8]


def test_rates_rise_geometrically_from_the_lowest_to_the_highest() -> None:
    _, optimizer = _bowl()
    seen = []

    def step() -> float:
        seen.append(optimizer.param_groups[0]["lr"])
        return 1.0

    curve = find_rate(step, optimizer, lowest=1e-5, highest=0.1, n_steps=5)
    assert seen == pytest.approx([1e-5, 1e-4, 1e-3, 1e-2, 1e-1])
    assert curve.rates.tolist() == seen


def test_faster_parts_of_the_network_stay_as_many_times_faster() -> None:
    slow, fast = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    groups = [{"params": [slow]}, {"params": [fast], "lr": 0.01}]
    optimizer = torch.optim.SGD(groups, lr=0.001)
    # A schedule in its warm-up has lowered the rates by now.
    torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.1)
    seen = []

    def step() -> float:
        seen.append([group["lr"] for group in optimizer.param_groups])
        return 1.0

    find_rate(step, optimizer, n_steps=3)
    assert [second / first for first, second in seen] == pytest.approx([10.0] * 3)
    assert seen[0][0] == pytest.approx(1e-6)


def test_smoothing_has_no_pull_to_zero_at_the_start() -> None:
    _, optimizer = _bowl()
    curve = find_rate(lambda: 3.0, optimizer, n_steps=10, smoothing=0.98)
    np.testing.assert_allclose(curve.smoothed, 3.0)


def test_suggestion_is_where_the_loss_falls_although_the_average_lags() -> None:
    rates = np.geomspace(1e-6, 1.0, 100)
    losses = iter(1 / (1 + (rates / 1e-3)))  # steepest over the logarithm at 1e-3
    _, optimizer = _bowl()
    curve = find_rate(lambda: float(next(losses)), optimizer)
    assert 0.5e-3 < curve.suggestion < 2e-3


def test_first_batches_that_differ_do_not_make_the_suggestion() -> None:
    rates = np.geomspace(1e-6, 1.0, 100)
    falling = 1 / (1 + (rates / 1e-3))
    falling[0] = 5.0  # an unlucky batch, which the average takes over as it is
    losses = iter(falling)
    _, optimizer = _bowl()
    curve = find_rate(lambda: float(next(losses)), optimizer)
    assert 0.5e-3 < curve.suggestion < 2e-3


def test_a_loss_that_is_no_number_from_the_start_is_an_error() -> None:
    _, optimizer = _bowl()
    with pytest.raises(DivergedError, match="at a learning rate of 1e-06, the lowest"):
        find_rate(lambda: math.nan, optimizer)


def test_curve_draws_itself() -> None:
    curve = RateCurve(*(np.array([1.0, 2.0]) for _ in range(3)), 1.0, 0.1)
    (axes,) = curve.plot().axes
    assert axes.get_xlabel() == "learning rate"
