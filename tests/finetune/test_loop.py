"""Training keeps the best state, goes through every image, and stops when it should."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hybridml.backbones.counting import images_forwarded
from hybridml.backbones.loading import load_network
from hybridml.exceptions import DivergedError
from hybridml.finetune import loop
from hybridml.finetune.loop import shuffled_batches, train
from hybridml.finetune.model import Model, assemble
from hybridml.finetune.parameters import make_settings
from hybridml.finetune.pixels import Pixels
from hybridml.finetune.training_data import TrainingData, prepare_training
from hybridml.images.door import as_images
from hybridml.testing import make_photos

Row = dict[str, float]


def _data(fraction: float = 0.25) -> TrainingData:
    images, labels = make_photos(16)
    network = load_network("tiny", weights=None, device="cpu")
    return prepare_training(
        Pixels(as_images(images), network.preprocessing),
        network.preprocessing,
        np.unique(labels, return_inverse=True)[1],
        np.ones(len(labels)),
        validation_fraction=fraction,
        random_state=0,
    )


def _model() -> Model:
    network = load_network("tiny", weights=None, device="cpu")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return assemble(network.trainable_copy(), network, 2, 0.0)


def _train(model: Model, data: TrainingData, **changed: Any) -> tuple[int, list[Row]]:
    from hybridml import FineTuneClassifier

    defaults = {"weights": None, "epochs": 3, "augmentation": "none", "batch_size": 4}
    estimator = FineTuneClassifier("tiny", **{**defaults, **changed})
    network = load_network("tiny", weights=None, device="cpu", precision="fp32")
    settings = make_settings(estimator.get_params(deep=False), network)
    rows: list[Row] = []
    generator = torch.Generator().manual_seed(0)
    best = train(model, data, settings, generator=generator, on_epoch=rows.append)
    return best, rows


def test_model_is_left_in_the_state_of_the_best_epoch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    states: list[torch.Tensor] = []
    losses = iter([0.9, 0.7, 0.5, 0.6, 0.55])
    model = _model()

    def evaluate(*_: object) -> Row:
        states.append(model.head.weight.detach().clone())
        return {"valid_loss": next(losses), "valid_accuracy": 0.5}

    monkeypatch.setattr(loop, "_evaluate", evaluate)
    best, rows = _train(model, _data(), epochs=4)
    assert best == 2
    assert [row["epoch"] for row in rows] == [0, 1, 2, 3, 4]
    assert torch.equal(model.head.weight, states[2])
    assert not torch.equal(states[2], states[4])


def test_the_start_is_restored_where_no_epoch_is_better(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    losses = iter([0.5, 0.6, 0.7, 0.8])
    monkeypatch.setattr(
        loop, "_evaluate", lambda *_: {"valid_loss": next(losses), "valid_accuracy": 0}
    )
    model = _model()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    best, _ = _train(model, _data())
    assert best == 0
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name


@pytest.mark.parametrize(("patience", "n_rows"), [(1, 2), (2, 3), (None, 7)])
def test_patience_is_the_number_of_epochs_without_improvement(
    monkeypatch: pytest.MonkeyPatch, patience: int | None, n_rows: int
) -> None:
    monkeypatch.setattr(
        loop, "_evaluate", lambda *_: {"valid_loss": 1.0, "valid_accuracy": 0.5}
    )
    best, rows = _train(_model(), _data(), epochs=6, patience=patience)
    assert (best, len(rows)) == (0, n_rows)


def test_all_epochs_are_run_where_nothing_is_held_out() -> None:
    model, data = _model(), _data(fraction=0)
    before = model.head.weight.detach().clone()
    best, rows = _train(model, data, epochs=4, patience=1)
    assert (best, len(rows)) == (4, 5)
    assert np.isnan([row["valid_loss"] for row in rows]).all()
    assert not torch.equal(before, model.head.weight)


def test_no_epochs_change_nothing() -> None:
    model = _model()
    before = model.head.weight.detach().clone()
    best, rows = _train(model, _data(), epochs=0)
    assert (best, len(rows)) == (0, 1)
    assert torch.equal(before, model.head.weight)


def test_rows_hold_what_the_history_shows() -> None:
    _, rows = _train(_model(), _data(), epochs=1)
    columns = ["epoch", "train_loss", "valid_loss", "valid_accuracy", "seconds"]
    assert [list(row) for row in rows] == [columns, columns]
    assert np.isnan(rows[0]["train_loss"])
    assert rows[1]["train_loss"] > 0


@pytest.mark.parametrize("fraction", [0.0, 0.25])
def test_divergence_is_an_error_that_says_what_to_do(fraction: float) -> None:
    model = _model()
    with pytest.raises(DivergedError, match=r"in epoch 1: .* Lower learning_rate \(no"):
        _train(model, _data(fraction), learning_rate=1e30)
    assert all(torch.isfinite(p).all() for p in model.parameters())


def test_held_out_images_count_by_their_weight() -> None:
    data = _data(fraction=0.5)
    targets = torch.zeros(16, dtype=torch.int64)
    targets[data.held_out] = torch.arange(8) % 2
    model = _model()
    torch.nn.init.zeros_(model.head.weight)
    with torch.no_grad():
        model.head.bias.copy_(torch.tensor([0.0, 5.0]))  # always the second class
    weights = torch.where(targets == 1, 3.0, 1.0)
    weighted = replace(data, targets=targets, weights=weights)
    _, (row,) = _train(model, weighted, epochs=0)
    assert row["valid_accuracy"] == pytest.approx(0.75)
    assert row["valid_loss"] == pytest.approx((5.0067 + 3 * 0.0067) / 4, rel=1e-3)


def test_images_are_counted_as_they_go_through() -> None:
    before = images_forwarded()
    _train(_model(), _data(), epochs=2)
    assert images_forwarded() - before == 3 * 4 + 2 * 12  # held out thrice, learned 2x


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
