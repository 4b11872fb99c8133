"""The head learns faster than the trunk, biases do not decay, rates rise and fall."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from hybridml.backbones.registry import get_backbone
from hybridml.finetune.training.optimizer import (
    depths_of,
    make_optimizer,
    make_schedule,
    rate_at,
)


def _optimizer(trunk: nn.Module, **options: Any) -> torch.optim.Optimizer:
    return make_optimizer(
        trunk,
        nn.Linear(4, 2),
        learning_rate=0.001,
        head_factor=10.0,
        bias_factor=20.0,
        weight_decay=0.1,
        **options,
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


def test_sgd_has_nesterov_momentum_unless_it_has_none() -> None:
    for momentum in (0.9, 0.0):
        optimizer = _optimizer(nn.Linear(4, 4), optimizer="sgd", momentum=momentum)
        assert isinstance(optimizer, torch.optim.SGD)
        assert optimizer.defaults["momentum"] == momentum
        assert optimizer.defaults["nesterov"] == (momentum > 0)


def test_rates_fall_with_the_depth() -> None:
    trunk = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4))
    depths = {"0.weight": 2, "0.bias": 2, "1.weight": 1, "1.bias": 1}
    optimizer = _optimizer(trunk, layer_decay=0.5, depth_of=depths)
    assert _rates(optimizer, trunk) == {
        "0.weight": pytest.approx(0.00025),
        "0.bias": pytest.approx(0.00025),
        "1.weight": pytest.approx(0.0005),
        "1.bias": pytest.approx(0.0005),
        "2.weight": pytest.approx(0.001),  # behind all that has a depth
        "2.bias": pytest.approx(0.001),
    }
    head_rates = [group["lr"] for group in optimizer.param_groups[-2:]]
    assert head_rates == pytest.approx([0.01, 0.02])


def test_without_a_decay_by_depth_there_are_no_more_groups() -> None:
    trunk = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    optimizer = _optimizer(trunk, depth_of={"0.weight": 2, "0.bias": 2})
    assert len(optimizer.param_groups) == 4


def test_depths_of_the_tiny_network() -> None:
    assert _depth_by_module("tiny") == {
        "stem.0": {2},
        "stem.1": {2},
        "stage1.0": {1},
        "stage1.1": {1},
    }


def test_depths_of_a_resnet_count_its_stages_from_the_head() -> None:
    found: dict[str, set[int]] = {}
    for name, depths in _depth_by_module("resnet18").items():
        found.setdefault(name.split(".")[0], set()).update(depths)
    assert found == {
        "conv1": {5},
        "bn1": {5},
        "layer1": {4},
        "layer2": {3},
        "layer3": {2},
        "layer4": {1},
    }


def test_a_norm_by_itself_is_as_deep_as_the_stage_before_it() -> None:
    depths = _depth_by_module("convnext_tiny")
    assert depths["classifier.0"] == depths["features.7.0.block.0"] == {1}


def test_blocks_of_a_transformer_are_as_deep_as_their_stage() -> None:
    depths = _depth_by_module("vit_b_32")
    found = [depths[f"encoder.layers.encoder_layer_{i}.ln_1"] for i in range(12)]
    assert found == [{4}] * 3 + [{3}] * 3 + [{2}] * 3 + [{1}] * 3
    assert depths["encoder.ln"] == {1}
    assert depths["conv_proj"] == {5}


@pytest.mark.parametrize("kind", ["adamw", "sgd"])
def test_a_run_that_was_saved_goes_on_as_if_it_had_not_been(kind: str) -> None:
    def run(n_steps: int, saved: dict[str, Any] | None = None) -> dict[str, Any]:
        torch.manual_seed(0)
        trunk, head = nn.Linear(4, 4), nn.Linear(4, 2)
        optimizer = make_optimizer(
            trunk,
            head,
            optimizer=kind,
            learning_rate=0.01,
            head_factor=2.0,
            bias_factor=4.0,
            weight_decay=0.1,
            layer_decay=0.5,
            depth_of={"weight": 1},
        )
        parts: dict[str, Any] = {
            "model": nn.Sequential(trunk, head),
            "optimizer": optimizer,
            "schedule": make_schedule(optimizer, 6),
        }
        for name, state in (saved or {}).items():
            parts[name].load_state_dict(state)
        for _ in range(n_steps):
            optimizer.zero_grad()
            head(trunk(torch.ones(3, 4))).square().sum().backward()
            optimizer.step()
            parts["schedule"].step()
        states = {name: part.state_dict() for name, part in parts.items()}
        return copy.deepcopy(states)

    whole, parted = run(6), run(3, run(3))
    for name, value in whole["model"].items():
        assert torch.equal(value, parted["model"][name])


def _rates(optimizer: torch.optim.Optimizer, trunk: nn.Module) -> dict[str, float]:
    rates = {p: g["lr"] for g in optimizer.param_groups for p in g["params"]}
    return {name: rates[p] for name, p in trunk.named_parameters()}


def _depth_by_module(name: str) -> dict[str, set[int]]:
    declared = get_backbone(name)
    with torch.device("meta"):
        module = declared.build(declared.n_classes).eval()
    found: dict[str, set[int]] = {}
    for parameter, depth in depths_of(module, declared).items():
        found.setdefault(parameter.rpartition(".")[0], set()).add(depth)
    return found
