"""The trunk thaws from the head backwards, and all of it in time."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from hybridml.finetune.training.optimizer import OPTIMIZERS, make_optimizer
from hybridml.finetune.training.unfreezing import let_learn, unfreeze_schedule


@given(
    depths=st.dictionaries(st.text("abc", min_size=1), st.integers(1, 8)),
    n_epochs=st.integers(0, 20),
)
def test_all_learns_for_at_least_half_of_the_epochs(
    depths: dict[str, int], n_epochs: int
) -> None:
    schedule = unfreeze_schedule(depths, n_epochs)
    assert len(schedule) == n_epochs
    for name in depths:
        assert 2 * sum(name in names for names in schedule) >= n_epochs


@given(
    depths=st.dictionaries(st.text("abc", min_size=1), st.integers(1, 8)),
    n_epochs=st.integers(1, 20),
)
def test_what_is_nearer_to_the_head_opens_first_and_stays_open(
    depths: dict[str, int], n_epochs: int
) -> None:
    before: set[str] = set()
    for names in unfreeze_schedule(depths, n_epochs):
        assert before <= names
        closed = [depths[name] for name in set(depths) - names]
        assert all(depths[name] < min(closed, default=99) for name in names)
        before = names


def test_several_stages_open_at_once_where_epochs_are_few() -> None:
    schedule = unfreeze_schedule({"a": 4, "b": 3, "c": 2, "d": 1}, 4)
    assert [len(names) for names in schedule] == [0, 2, 4, 4]


def test_one_epoch_opens_all() -> None:
    assert unfreeze_schedule({"a": 2, "b": 1}, 1) == [{"a", "b"}]


def test_a_trunk_that_does_not_learn_stays_closed() -> None:
    assert unfreeze_schedule({}, 3) == [set(), set(), set()]


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_closed_parameters_neither_move_nor_decay(kind: str) -> None:
    trunk, head = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)), nn.Linear(4, 2)
    optimizer = make_optimizer(
        trunk,
        head,
        optimizer=kind,
        learning_rate=0.01,
        head_factor=1.0,
        bias_factor=1.0,
        weight_decay=0.5,
    )
    scope = {name for name, _ in trunk.named_parameters()}

    def step(names: set[str]) -> set[str]:
        """Names of the parameters that a step changes."""
        let_learn(trunk, names, scope=scope)
        before = {name: p.detach().clone() for name, p in trunk.named_parameters()}
        optimizer.zero_grad()
        head(trunk(torch.ones(3, 4))).square().sum().backward()
        optimizer.step()
        after = dict(trunk.named_parameters())
        return {name for name in scope if not torch.equal(before[name], after[name])}

    assert step(set()) == set()
    assert step({"1.weight", "1.bias"}) == {"1.weight", "1.bias"}
    assert step(scope) == scope
    assert step({"0.bias"}) == {"0.bias"}  # also with gradients and momentum left over


def test_what_is_out_of_the_scope_stays_as_it_is() -> None:
    trunk = nn.Linear(4, 4)
    trunk.weight.requires_grad_(False)
    let_learn(trunk, {"weight"}, scope={"bias"})
    assert [p.requires_grad for p in (trunk.weight, trunk.bias)] == [False, False]
