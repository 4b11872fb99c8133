"""Networks side by side are as good as one after the other."""

from __future__ import annotations

import torch
from torch import nn

from hybridml.fusion.intermediate.networks.branch import make_branch
from hybridml.fusion.intermediate.networks.grouped_linear import GroupedLinear
from hybridml.fusion.intermediate.networks.grouped_norm import GroupedNorm

ROWS = torch.randn(3, 7, 4, generator=torch.Generator().manual_seed(0))


def test_each_network_has_a_linear_layer_of_its_own() -> None:
    grouped = GroupedLinear(3, 4, 5)
    found = grouped(ROWS)
    biases = grouped.bias.view(3, 5)
    for number in range(3):
        plain = nn.functional.linear(
            ROWS[number], grouped.weight[number].T, biases[number]
        )
        torch.testing.assert_close(found[number], plain)


def test_the_start_is_that_of_a_linear_layer() -> None:
    torch.manual_seed(0)
    grouped, plain = GroupedLinear(50, 40, 30), nn.Linear(40, 1500)
    for name in ("weight", "bias"):
        ours, theirs = getattr(grouped, name), getattr(plain, name)
        assert ours.abs().max() <= 40**-0.5
        torch.testing.assert_close(ours.std(), theirs.std(), rtol=0.05, atol=0.0)


def test_each_network_has_a_norm_of_its_own() -> None:
    norm = GroupedNorm(3, 4)
    norm.scale.data.uniform_()
    norm.shift.data.uniform_()
    found = norm(ROWS)
    scales, shifts = norm.scale.view(3, 4), norm.shift.view(3, 4)
    for number in range(3):
        plain = nn.functional.layer_norm(
            ROWS[number], (4,), scales[number], shifts[number]
        )
        torch.testing.assert_close(found[number], plain)


def test_few_features_are_dropped_less_often() -> None:
    rates = [
        make_branch(1, n_in, 8, dropout=0.5, input_dropout=0.6)[0].p
        for n_in in (2, 64, 128, 1000)
    ]
    assert rates == [0.6 * 2 / 128, 0.3, 0.6, 0.6]
