"""Training keeps the best state, goes through every image, and stops when it should."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hybridml.backbones.counting import images_forwarded
from hybridml.exceptions import DivergedError
from hybridml.finetune.training import loop
from hybridml.finetune.training.checkpoint import Checkpoint
from hybridml.finetune.training.loop import Outcome, train
from hybridml.finetune.training.order import shuffled_batches

Row = dict[str, float]
MakeParts = Callable[..., Any]


def _train(parts: Any, **given: Any) -> tuple[Outcome, list[Row]]:
    rows: list[Row] = []
    outcome = train(
        parts.model,
        parts.task,
        parts.inputs,
        parts.data,
        parts.settings,
        **{
            "depths": {},
            "on_epoch": rows.append,
            "on_step": lambda *_: None,
            **given,
        },
    )
    return outcome, rows


def _judge_by(
    monkeypatch: pytest.MonkeyPatch, losses: Any, seen: list[Any] | None = None
) -> None:
    """Let the held-out losses be these, and note the head each time."""
    remaining = iter(losses)

    def evaluate(
        model: Any, task: Any, inputs: Any, data: Any, settings: Any, group: Any
    ) -> tuple[Row, torch.Tensor]:
        if seen is not None:
            seen.append(model.head.weight.detach().clone())
        loss = next(remaining)
        row = {"valid_loss": loss, "valid_accuracy": 0.5}
        return row, torch.full((len(data.held_out),), loss)

    monkeypatch.setattr(loop, "evaluate", evaluate)


def test_model_is_left_in_the_state_of_the_best_epoch(
    monkeypatch: pytest.MonkeyPatch, make_parts: MakeParts
) -> None:
    states: list[torch.Tensor] = []
    _judge_by(monkeypatch, [0.9, 0.7, 0.5, 0.6, 0.55], states)
    parts = make_parts(epochs=4)
    outcome, rows = _train(parts)
    assert outcome == Outcome(2)
    assert [row["epoch"] for row in rows] == [0, 1, 2, 3, 4]
    assert torch.equal(parts.model.head.weight, states[2])
    assert not torch.equal(states[2], states[4])


def test_the_start_is_restored_where_no_epoch_is_better(
    monkeypatch: pytest.MonkeyPatch, make_parts: MakeParts
) -> None:
    _judge_by(monkeypatch, [0.5, 0.6, 0.7, 0.8])
    parts = make_parts()
    before = {name: value.clone() for name, value in parts.model.state_dict().items()}
    assert _train(parts)[0].best_epoch == 0
    for name, value in parts.model.state_dict().items():
        assert torch.equal(value, before[name]), name


@pytest.mark.parametrize(("patience", "n_rows"), [(1, 2), (2, 3), (None, 7)])
def test_patience_is_the_number_of_epochs_without_improvement(
    monkeypatch: pytest.MonkeyPatch,
    make_parts: MakeParts,
    patience: int | None,
    n_rows: int,
) -> None:
    _judge_by(monkeypatch, [1.0] * 7)
    outcome, rows = _train(make_parts(epochs=6, patience=patience))
    assert (outcome.best_epoch, len(rows)) == (0, n_rows)


def test_all_epochs_are_run_where_nothing_is_held_out(make_parts: MakeParts) -> None:
    parts = make_parts(validation_fraction=0, epochs=4, patience=1)
    before = parts.model.head.weight.detach().clone()
    outcome, rows = _train(parts)
    assert (outcome.best_epoch, len(rows)) == (4, 5)
    assert np.isnan([row["valid_loss"] for row in rows]).all()
    assert not torch.equal(before, parts.model.head.weight)


def test_no_epochs_change_nothing(make_parts: MakeParts) -> None:
    parts = make_parts(epochs=0)
    before = parts.model.head.weight.detach().clone()
    outcome, rows = _train(parts)
    assert (outcome.best_epoch, len(rows)) == (0, 1)
    assert torch.equal(before, parts.model.head.weight)


def test_rows_hold_what_the_history_shows(make_parts: MakeParts) -> None:
    _, rows = _train(make_parts(epochs=1))
    columns = ["epoch", "train_loss", "valid_loss", "valid_accuracy", "seconds"]
    assert [list(row) for row in rows] == [columns, columns]
    assert np.isnan(rows[0]["train_loss"])
    assert rows[1]["train_loss"] > 0


@pytest.mark.parametrize("fraction", [0.0, 0.25])
def test_divergence_is_an_error_that_says_what_to_do(
    make_parts: MakeParts, fraction: float
) -> None:
    parts = make_parts(validation_fraction=fraction, learning_rate=1e30)
    before = parts.model.head.weight.detach().clone()
    message = r"in epoch 1: .* Lower learning_rate \(now 1e\+30\)"
    with pytest.raises(DivergedError, match=message) as caught:
        _train(parts)
    assert caught.value.best_epoch == 0
    assert torch.equal(parts.model.head.weight, before)
    assert all(torch.isfinite(p).all() for p in parts.model.parameters())


def test_held_out_images_count_by_their_weight(make_parts: MakeParts) -> None:
    parts = make_parts(validation_fraction=0.5, epochs=0)
    targets = torch.zeros(16, dtype=torch.int64)
    targets[parts.data.held_out] = torch.arange(8) % 2
    torch.nn.init.zeros_(parts.model.head.weight)
    with torch.no_grad():
        parts.model.head.bias.copy_(torch.tensor([0.0, 5.0]))  # always the second class
    weights = torch.where(targets == 1, 3.0, 1.0)
    parts.data = replace(parts.data, targets=targets, weights=weights)
    _, (row,) = _train(parts)
    assert row["valid_accuracy"] == pytest.approx(0.75)
    assert row["valid_loss"] == pytest.approx((5.0067 + 3 * 0.0067) / 4, rel=1e-3)


def test_images_are_counted_as_they_go_through(make_parts: MakeParts) -> None:
    before = images_forwarded()
    _train(make_parts(epochs=2))
    assert images_forwarded() - before == 3 * 4 + 2 * 12  # held out thrice, learned 2x


def test_steps_are_told_of(make_parts: MakeParts) -> None:
    told: list[tuple[int, int]] = []
    _train(make_parts(epochs=2), on_step=lambda *step: told.append(step))
    assert told == [(1, 3), (2, 3), (3, 3)] * 2


@pytest.mark.parametrize("moment", ["in a step", "at the end of an epoch"])
def test_an_interrupted_run_ends_in_its_best_state(
    monkeypatch: pytest.MonkeyPatch, make_parts: MakeParts, moment: str
) -> None:
    states: list[torch.Tensor] = []
    _judge_by(monkeypatch, [0.9, 0.5, 0.7, 0.7], states)
    n_told = 0

    def interrupt(*_: object) -> None:
        nonlocal n_told
        n_told += 1
        # The eighth step is in epoch 3; the third row is that of epoch 2.
        if n_told == (8 if moment == "in a step" else 3):
            raise KeyboardInterrupt

    parts = make_parts()
    hook = "on_step" if moment == "in a step" else "on_epoch"
    outcome, _ = _train(parts, **{hook: interrupt})
    assert outcome == Outcome(1, interrupted_in=3 if moment == "in a step" else 2)
    assert torch.equal(parts.model.head.weight, states[1])


def test_a_finished_run_is_repeated_from_its_checkpoint(
    make_parts: MakeParts, tmp_path: Any
) -> None:
    checkpoint = Checkpoint(tmp_path, {})
    first, again = make_parts(), make_parts()
    outcome, rows = _train(first, checkpoint=checkpoint)
    before = images_forwarded()
    assert _train(again, checkpoint=checkpoint)[0] == outcome
    assert images_forwarded() == before
    for name, value in first.model.state_dict().items():
        assert torch.equal(value, again.model.state_dict()[name]), name
    repeated = _train(make_parts(), checkpoint=checkpoint)[1]
    np.testing.assert_equal(repeated, rows)


@given(n=st.integers(1, 40), batch_size=st.integers(1, 12))
def test_batches_hold_every_image_once(n: int, batch_size: int) -> None:
    generator = torch.Generator().manual_seed(n)
    positions = np.arange(100, 100 + n)
    batches = list(shuffled_batches(positions, batch_size, generator))
    assert sorted(np.concatenate(batches)) == positions.tolist()
    assert max(len(batch) for batch in batches) <= batch_size + 1
    if batch_size > 1 and n > 1:
        assert min(len(batch) for batch in batches) > 1


def test_batches_come_in_an_order_that_the_seed_decides() -> None:
    orders = [
        np.concatenate(
            list(shuffled_batches(np.arange(30), 8, torch.Generator().manual_seed(s)))
        ).tolist()
        for s in (0, 0, 1)
    ]
    assert orders[0] == orders[1] != orders[2]
    assert orders[0] != sorted(orders[0])


def test_what_was_not_opened_yet_can_learn_in_the_next_run(
    make_parts: MakeParts,
) -> None:
    parts = make_parts(gradual_unfreezing=True, epochs=6)
    learned = {name for name, p in parts.model.named_parameters() if p.requires_grad}
    before = {n: p.detach().clone() for n, p in parts.model.trunk.named_parameters()}
    _train(parts, n_epochs=1)  # the head alone
    for name, parameter in parts.model.trunk.named_parameters():
        assert torch.equal(parameter, before[name]), name
    after = {name for name, p in parts.model.named_parameters() if p.requires_grad}
    assert after == learned > {"head.weight", "head.bias"}
