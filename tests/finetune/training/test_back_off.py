"""Parts of a batch give the gradients of the whole, however many it takes."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from hybridml.exceptions import TrainingWarning
from hybridml.finetune.training.back_off import accumulate

N_ROWS = 7


class _Step:
    """A weighted loss of a small network, in a memory that holds some rows."""

    def __init__(self, max_rows: int = N_ROWS) -> None:
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
        self.rows = torch.randn(N_ROWS, 3).double()
        self.weights = torch.linspace(0.5, 2, N_ROWS).double()
        self.max_rows = max_rows
        self.n_runs: list[int] = []

    def run_part(self, rows: slice) -> Tensor:
        part = self.rows[rows]
        self.n_runs.append(len(part))
        losses = self.model(part).square().sum(dim=1)
        share = (losses * self.weights[rows]).sum() / self.weights.sum()
        if len(part) > self.max_rows:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return share

    def gradients(self) -> list[Tensor]:
        return [copy.deepcopy(p.grad) for p in self.model.parameters()]

    def run(self, parts: int) -> tuple[Tensor, int]:
        return accumulate(self.run_part, N_ROWS, parts, clear=self.model.zero_grad)


def _whole() -> tuple[Tensor, list[Tensor]]:
    step = _Step()
    loss = step.run_part(slice(None))
    loss.backward()
    return loss.detach(), step.gradients()


@given(parts=st.integers(1, 12))
def test_parts_give_the_loss_and_the_gradients_of_the_whole(parts: int) -> None:
    step = _Step()
    loss, needed = step.run(parts)
    whole_loss, whole = _whole()
    assert needed == parts
    assert sum(step.n_runs) == N_ROWS
    assert 0 not in step.n_runs
    torch.testing.assert_close(loss, whole_loss)
    torch.testing.assert_close(step.gradients(), whole)
    assert not loss.requires_grad


@pytest.mark.parametrize(("max_rows", "parts"), [(4, 2), (2, 4), (1, 8)])
def test_step_is_repeated_in_more_parts_when_memory_runs_out(
    max_rows: int, parts: int
) -> None:
    step = _Step(max_rows)
    with pytest.warns(TrainingWarning, match="training step of 7 images") as warned:
        loss, needed = step.run(1)
    assert len(warned) == 1
    assert needed == parts
    whole_loss, whole = _whole()
    torch.testing.assert_close(loss, whole_loss)
    torch.testing.assert_close(step.gradients(), whole)


def test_gradients_of_the_step_before_do_not_count() -> None:
    step = _Step()
    step.run(2)
    step.run(2)
    torch.testing.assert_close(step.gradients(), _whole()[1])


def test_memory_that_runs_out_half_way_leaves_no_gradients_behind() -> None:
    step, calls = _Step(), [0]

    def run_part(rows: slice) -> Tensor:
        calls[0] += 1
        if calls[0] == 2:  # the first part has been differentiated by now
            raise MemoryError
        return step.run_part(rows)

    with pytest.warns(TrainingWarning, match="is now done in 4 parts"):
        accumulate(run_part, N_ROWS, 2, clear=step.model.zero_grad)
    torch.testing.assert_close(step.gradients(), _whole()[1])


def test_the_next_step_begins_with_what_was_needed_and_does_not_warn() -> None:
    step = _Step(4)
    with pytest.warns(TrainingWarning):
        _, parts = step.run(1)
    step.n_runs.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        step.run(parts)
    assert step.n_runs == [3, 4]


def _raiser(error: Exception) -> Callable[[slice], Tensor]:
    def run_part(rows: slice) -> Tensor:
        raise error

    return run_part


def test_memory_that_holds_not_one_row_is_an_error() -> None:
    error = torch.OutOfMemoryError("CUDA out of memory")
    with pytest.raises(torch.OutOfMemoryError, match="out of memory"):
        accumulate(_raiser(error), N_ROWS, 1, clear=lambda: None)


def test_other_errors_are_not_repeated() -> None:
    with pytest.raises(RuntimeError, match="shapes"):
        accumulate(_raiser(RuntimeError("shapes")), N_ROWS, 1, clear=lambda: None)
