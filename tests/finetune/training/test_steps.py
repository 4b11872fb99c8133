"""A step does all that acts on the weights, and goes on in another process."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from hybridml.finetune.training import steps as steps_module
from hybridml.finetune.training.back_off import accumulate
from hybridml.finetune.training.steps import Steps

MakeParts = Callable[..., Any]
BATCHES = [np.array(batch) for batch in ([0, 3, 5, 6], [1, 2, 4, 7], [8, 9, 10, 11])]


def _steps(make_parts: MakeParts, **changed: Any) -> tuple[Steps, Any]:
    parts = make_parts(learning_rate=0.01, **changed)
    parts.model.prepare_to_train(batch_norm_learns=parts.settings.batch_norm_learns)
    given = parts.model, parts.task, parts.inputs, parts.data, parts.settings
    return Steps(*given, depths={}, n_steps=9), parts.model


@pytest.mark.parametrize(
    "changed",
    [
        {"dropout": 0.5, "augmentation": "strong"},
        {"mixup": 0.4, "cutmix": 0.4, "ema_decay": 0.9},
        {"optimizer": "sgd", "trainable": "last2", "l2_sp": 0.1},
        {"weights": "default", "l1_head": 0.01},
    ],
)
def test_steps_go_on_in_another_process(
    make_parts: MakeParts, changed: dict[str, Any]
) -> None:
    whole, model = _steps(make_parts, **changed)
    expected = [whole.step(batch, view=0) for batch in BATCHES]
    first, _ = _steps(make_parts, **changed)
    losses = [first.step(BATCHES[0], view=0)]
    kept = io.BytesIO()
    torch.save(first.state_dict(), kept)
    kept.seek(0)
    second, resumed = _steps(make_parts, **changed)
    torch.rand(7)  # the numbers drawn elsewhere do not matter
    second.load_state_dict(torch.load(kept, weights_only=True))
    losses += [second.step(batch, view=0) for batch in BATCHES[1:]]
    assert losses == expected
    for name, value in model.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
    with whole.averaged(), second.averaged():
        for name, value in model.state_dict().items():
            assert torch.equal(value, resumed.state_dict()[name]), name


def test_averaged_weights_are_others_for_a_while(make_parts: MakeParts) -> None:
    steps, model = _steps(make_parts, ema_decay=0.9)
    steps.step(BATCHES[0], view=0)
    last = model.head.weight.detach().clone()
    with steps.averaged():
        assert not torch.equal(model.head.weight, last)
    assert torch.equal(model.head.weight, last)


def test_without_averaging_the_weights_are_the_last(make_parts: MakeParts) -> None:
    steps, model = _steps(make_parts)
    last = model.head.weight.detach().clone()
    with steps.averaged():
        assert torch.equal(model.head.weight, last)


def test_what_is_frozen_is_no_part_of_the_state(make_parts: MakeParts) -> None:
    steps, _ = _steps(make_parts, weights="default", trainable="last2")
    names = set(steps.state_dict()["model"])
    assert {name.split(".")[0] for name in names} == {"trunk", "head"}
    assert not {name for name in names if "stem" in name}


def test_the_loss_is_the_weighted_mean(make_parts: MakeParts) -> None:
    steps, model = _steps(make_parts, weights="default")
    weights = steps._data.weights
    weights[BATCHES[0]] = torch.tensor([1.0, 0.0, 3.0, 0.0])
    inputs = steps._inputs.take(BATCHES[0], 0)
    losses = steps._task.losses(model(inputs).detach(), steps._data.targets[BATCHES[0]])
    expected = float((losses[0] + 3 * losses[2]) / 4)
    assert steps.step(BATCHES[0], view=0) == pytest.approx(expected, rel=1e-5)


def test_gradients_are_clipped_to_their_norm(make_parts: MakeParts) -> None:
    moved = []
    for norm in (None, 1e-6):
        given = {"optimizer": "sgd", "max_gradient_norm": norm, "weight_decay": 0}
        steps, model = _steps(make_parts, **given)
        before = model.head.weight.detach().clone()
        steps.step(BATCHES[0], view=0)
        after = model.head.weight.detach()
        moved.append(float((after - before).abs().max()))
    assert moved[1] < 1e-6 < moved[0]


def test_weights_are_pulled_to_the_start(make_parts: MakeParts) -> None:
    far = []
    for strength in (0.0, 10.0):
        given = {"optimizer": "sgd", "l2_sp": strength, "weights": "default"}
        steps, model = _steps(make_parts, **given)
        before = model.trunk.get_parameter("stem.0.weight").detach().clone()
        for batch in BATCHES * 3:
            steps.step(batch, view=0)
        after = model.trunk.get_parameter("stem.0.weight").detach()
        far.append(float((after - before).norm()))
    assert far[1] < far[0]


def test_a_step_in_parts_is_the_step_of_the_whole(
    make_parts: MakeParts, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"weights": "default", "mixup": 0.4}
    whole, expected = _steps(make_parts, **given)
    in_parts, found = _steps(make_parts, **given)
    losses = [whole.step(batch, view=0) for batch in BATCHES]

    def in_two(run: Any, n_rows: int, parts: int, *, clear: Any) -> Any:
        return accumulate(run, n_rows, 2, clear=clear)

    monkeypatch.setattr(steps_module, "accumulate", in_two)
    assert [in_parts.step(batch, view=0) for batch in BATCHES] == pytest.approx(losses)
    torch.testing.assert_close(
        found.head.weight, expected.head.weight, rtol=1e-4, atol=1e-5
    )
