"""The best state is that of the least loss, and comes back whole."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from hybridml.finetune.training.best_state import BestState


def _model() -> nn.Module:
    return nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1), nn.Linear(1, 1))


def _set(model: nn.Module, value: float) -> None:
    for tensor in (*model.parameters(), *model.buffers()):
        tensor.data.fill_(value)


def _best(
    model: nn.Module,
    *,
    n_held_out: int = 4,
    patience: int | None = None,
    start_counts: bool = False,
) -> BestState:
    weights = torch.ones(n_held_out)
    return BestState(model, weights, patience=patience, start_counts=start_counts)


def _all(loss: float) -> torch.Tensor:
    return torch.full((4,), loss)


@given(losses=st.lists(st.sampled_from([0.1, 0.2, 0.3, math.nan]), min_size=1))
def test_the_first_of_the_least_losses_is_the_best(losses: list[float]) -> None:
    model = _model()
    _set(model, 0)
    best = _best(model)
    for epoch, loss in enumerate(losses):
        _set(model, epoch)
        best.consider(model, epoch, _all(loss))
    usable = [loss for loss in losses if not math.isnan(loss)]
    expected = losses.index(min(usable)) if usable else 0
    assert best.epoch == expected
    best.restore(model)
    state = model.state_dict()
    assert all(bool((tensor == expected).all()) for tensor in state.values())


@pytest.mark.parametrize(
    ("gains", "expected"),
    [
        ([0.1, 0.1, 0.1, 0.1], 1),  # the same for all: no doubt
        ([0.4, 0.3, -0.1, 0.2], 1),  # 0.2, give or take 0.09
        ([0.9, -0.4, -0.4, 0.1], 0),  # 0.05, give or take 0.26
        ([0.0, 0.0, 0.0, 0.0], 0),
    ],
)
@pytest.mark.parametrize("start_counts", [True, False])
def test_a_trained_start_gives_way_only_to_one_that_is_clearly_better(
    gains: list[float], expected: int, start_counts: bool
) -> None:
    model = _model()
    _set(model, 0)
    best = _best(model, start_counts=start_counts)
    best.consider(model, 0, _all(1.0))
    _set(model, 1)
    best.consider(model, 1, _all(1.0) - torch.tensor(gains))
    best.restore(model)
    better = sum(gains) > 0
    assert best.epoch == (expected if start_counts else int(better))
    assert model[0].weight.item() == best.epoch


def test_images_count_by_their_weight() -> None:
    model = _model()
    weights = torch.tensor([1.0, 1.0, 0.0, 0.0])
    best = BestState(model, weights, patience=None, start_counts=True)
    best.consider(model, 0, _all(1.0))
    best.consider(model, 1, torch.tensor([0.8, 0.9, 99.0, -99.0]))
    best.restore(model)
    assert best.epoch == 1


def test_the_last_is_the_best_where_nothing_is_judged() -> None:
    model = _model()
    best = _best(model, n_held_out=0, patience=1, start_counts=True)
    for epoch in range(4):
        best.consider(model, epoch, torch.empty(0))
        assert not best.is_patience_over
    best.restore(model)
    assert best.epoch == 3


def test_what_is_frozen_is_not_kept() -> None:
    model = _model()
    model[0].requires_grad_(False)
    best = _best(model)
    best.consider(model, 0, _all(1.0))
    best.consider(model, 1, _all(0.5))
    names = set(best.state_dict()["state"])
    assert not {name for name in names if name.startswith("0.")}
    assert {"1.running_mean", "2.weight"} <= names


def test_a_state_kept_does_not_change_with_the_model() -> None:
    model = _model()
    _set(model, 3)
    best = _best(model)
    best.consider(model, 0, _all(1.0))
    _set(model, 4)
    best.restore(model)
    assert model[0].weight.item() == 3


@pytest.mark.parametrize(("patience", "over_at"), [(1, 2), (2, 3), (3, 4)])
def test_patience_is_over_after_so_many_epochs_without_a_better(
    patience: int, over_at: int
) -> None:
    model = _model()
    best = _best(model, patience=patience)
    over = []
    for epoch, loss in enumerate([0.9, 0.5, 0.6, 0.5, 0.7]):
        best.consider(model, epoch, _all(loss))
        over.append(best.is_patience_over)
    assert over.index(True) == over_at


@pytest.mark.parametrize("loss_of_epoch_1", [0.8, 0.2])
def test_another_process_goes_on_alike(loss_of_epoch_1: float) -> None:
    model = _model()
    _set(model, 7)
    first, second = _best(model, patience=3), _best(model, patience=3)
    first.consider(model, 0, _all(0.5))
    _set(model, 8)
    first.consider(model, 1, _all(loss_of_epoch_1))
    second.load_state_dict(first.state_dict())
    _set(model, 9)
    for best in (first, second):
        for epoch in (2, 3):
            best.consider(model, epoch, _all(0.6))
    assert first.epoch == second.epoch == int(loss_of_epoch_1 < 0.5)
    assert first.is_patience_over == second.is_patience_over == (first.epoch == 0)
    second.restore(model)
    assert model[0].weight.item() == 7 + first.epoch
