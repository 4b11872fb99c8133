"""The average is the weighted mean it says, and lends itself without a trace."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from hybridml.finetune.training.averaging import AveragedWeights


def _model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))


def _average_of(averaged: AveragedWeights, model: nn.Module) -> dict[str, Tensor]:
    with averaged.swapped_in():
        return copy.deepcopy(model.state_dict())


@given(decay=st.floats(0, 0.9999), n_steps=st.integers(0, 30))
def test_average_of_steps_of_one_size_is_known(decay: float, n_steps: int) -> None:
    model = nn.Linear(1, 1, bias=False).double()
    model.weight.data.zero_()
    averaged, expected = AveragedWeights(model, decay), 0.0
    for step in range(n_steps):
        model.weight.data += 1
        averaged.update()
        kept = min(decay, (1 + step) / (10 + step))
        expected = kept * expected + (1 - kept) * (step + 1)
    found = _average_of(averaged, model)["weight"].item()
    assert found == pytest.approx(expected, rel=1e-6)


def test_long_average_is_the_geometric_mean_of_the_past() -> None:
    model = nn.Linear(1, 1, bias=False).double()
    averaged = AveragedWeights(model, 0.5)
    for step in range(60):
        model.weight.data.fill_(step)
        averaged.update()
    # sum over i of 0.5**(i + 1) * (59 - i)
    assert _average_of(averaged, model)["weight"].item() == pytest.approx(58.0)


def test_what_does_not_change_stays_the_same_bit_for_bit() -> None:
    model = _model()
    averaged, before = AveragedWeights(model, 0.99), copy.deepcopy(model.state_dict())
    for _ in range(20):
        averaged.update()
    for name, value in _average_of(averaged, model).items():
        assert torch.equal(value, before[name])


def test_buffers_are_averaged_and_counters_are_taken_over() -> None:
    model = _model()
    averaged = AveragedWeights(model, 0.5)
    model(torch.randn(8, 3, 5, 5) + 10)
    averaged.update()
    found, last = _average_of(averaged, model), model.state_dict()
    assert found["1.num_batches_tracked"] == last["1.num_batches_tracked"] == 1
    torch.testing.assert_close(found["1.running_mean"], 0.9 * last["1.running_mean"])


def test_frozen_parameters_are_no_part_of_it() -> None:
    model = _model()
    model[0].requires_grad_(False)
    averages = AveragedWeights(model, 0.5).state_dict()["averages"]
    assert not any(name.startswith("0.") for name in averages)
    assert {"1.weight", "1.bias", "1.running_mean"} <= set(averages)


def test_parameters_that_are_closed_for_a_while_stay_part_of_it() -> None:
    model = nn.Linear(1, 1)
    averaged = AveragedWeights(model, 0.5)
    model.weight.requires_grad_(False).fill_(3.0)
    averaged.update()
    assert _average_of(averaged, model)["weight"].item() != 3.0


def test_the_weights_are_back_after_an_error_and_are_the_same_tensors() -> None:
    model = _model()
    averaged = AveragedWeights(model, 0.5)
    model[0].weight.data += 1
    averaged.update()
    before = copy.deepcopy(model.state_dict())
    places = [p.data_ptr() for p in model.parameters()]
    with averaged.swapped_in():
        assert not torch.equal(model[0].weight, before["0.weight"])
    with pytest.raises(RuntimeError, match="stop"), averaged.swapped_in():
        raise RuntimeError("stop")
    assert [p.data_ptr() for p in model.parameters()] == places
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


def test_the_average_is_not_the_models_own_memory() -> None:
    model = _model()
    averaged = AveragedWeights(model, 0.5)
    before = _average_of(averaged, model)["0.weight"]
    model[0].weight.data += 1
    assert torch.equal(_average_of(averaged, model)["0.weight"], before)


def test_a_saved_average_goes_on_as_if_it_had_not_been() -> None:
    def run(model: nn.Module, averaged: AveragedWeights, n_steps: int) -> None:
        for _ in range(n_steps):
            model[0].weight.data.mul_(1.1)
            averaged.update()

    whole, parted = _model(), _model()
    of_whole, first = AveragedWeights(whole, 0.9), AveragedWeights(parted, 0.9)
    run(whole, of_whole, 7)
    run(parted, first, 3)
    second = AveragedWeights(parted, 0.9)
    second.load_state_dict(pickle.loads(pickle.dumps(first.state_dict())))
    run(parted, second, 4)
    found = _average_of(second, parted)
    for name, value in _average_of(of_whole, whole).items():
        assert torch.equal(value, found[name])
