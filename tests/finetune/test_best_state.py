"""The best state is that of the least loss, and comes back whole."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from hybridml.finetune.best_state import BestState


def _model() -> nn.Module:
    return nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1), nn.Linear(1, 1))


def _set(model: nn.Module, value: float) -> None:
    for tensor in (*model.parameters(), *model.buffers()):
        tensor.data.fill_(value)


@given(losses=st.lists(st.sampled_from([0.1, 0.2, 0.3, math.nan]), min_size=1))
def test_the_first_of_the_least_losses_is_the_best(losses: list[float]) -> None:
    model = _model()
    best = BestState(model, is_judged=True, patience=None)
    for epoch, loss in enumerate(losses):
        _set(model, epoch)
        best.consider(model, epoch, loss)
    usable = [loss for loss in losses if not math.isnan(loss)]
    expected = losses.index(min(usable)) if usable else 0
    assert best.epoch == expected
    best.restore(model)
    state = model.state_dict()
    assert all(bool((tensor == expected).all()) for tensor in state.values())


def test_the_last_is_the_best_where_nothing_is_judged() -> None:
    model = _model()
    best = BestState(model, is_judged=False, patience=1)
    for epoch in range(4):
        best.consider(model, epoch, math.nan)
        assert not best.is_patience_over
    assert best.epoch == 3


def test_what_is_frozen_is_not_kept() -> None:
    model = _model()
    model[0].requires_grad_(False)
    best = BestState(model, is_judged=True, patience=None)
    best.consider(model, 0, 1.0)
    names = set(best.state_dict()["state"])
    assert not {name for name in names if name.startswith("0.")}
    assert {"1.running_mean", "2.weight"} <= names


def test_a_state_kept_does_not_change_with_the_model() -> None:
    model = _model()
    best = BestState(model, is_judged=True, patience=None)
    _set(model, 3)
    best.consider(model, 0, 1.0)
    _set(model, 4)
    best.restore(model)
    assert model[0].weight.item() == 3


@pytest.mark.parametrize(("patience", "over_at"), [(1, 2), (2, 3), (3, 4)])
def test_patience_is_over_after_so_many_epochs_without_a_better(
    patience: int, over_at: int
) -> None:
    model = _model()
    best = BestState(model, is_judged=True, patience=patience)
    over = []
    for epoch, loss in enumerate([0.9, 0.5, 0.6, 0.5, 0.7]):
        best.consider(model, epoch, loss)
        over.append(best.is_patience_over)
    assert over.index(True) == over_at


def test_another_process_goes_on_alike() -> None:
    model = _model()
    first = BestState(model, is_judged=True, patience=3)
    _set(model, 7)
    first.consider(model, 0, 0.5)
    first.consider(model, 1, 0.8)
    second = BestState(model, is_judged=True, patience=3)
    second.load_state_dict(first.state_dict())
    _set(model, 9)
    second.consider(model, 2, 0.6)
    assert (second.epoch, second.is_patience_over) == (0, False)
    second.consider(model, 3, 0.6)
    assert second.is_patience_over
    second.restore(model)
    assert torch.equal(model[0].weight, torch.full((1, 1), 7.0))
