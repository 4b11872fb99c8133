from __future__ import annotations

import pickle
from types import SimpleNamespace

import pytest

from hybridml.comparing import budget as budget_module
from hybridml.comparing.budget import Budget, OutOfTimeError, StopInTime


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds = [0.0]
    monkeypatch.setattr(budget_module.time, "perf_counter", lambda: seconds[0])
    return seconds


def test_budget_counts_down(now: list[float]) -> None:
    budget = Budget(10)
    now[0] = 4.0
    assert budget.left() == 6.0
    assert budget.has_room_for(7.0)  # a tenth of it may be missed by
    assert not budget.has_room_for(7.1)
    now[0] = 10.0
    assert not budget.has_room_for(0.0)


def test_no_limit_has_room_for_anything() -> None:
    assert Budget(None).has_room_for(1e12)


def test_training_that_will_not_end_in_time_is_stopped(now: list[float]) -> None:
    watch = StopInTime(Budget(100))
    model = SimpleNamespace(n_epochs_=10)
    watch.on_epoch_end(model, {"epoch": 0})
    now[0] = 10.0
    watch.on_epoch_end(model, {"epoch": 1})  # 100 s in all
    now[0] = 40.0
    with pytest.raises(OutOfTimeError) as stopped:
        watch.on_epoch_end(model, {"epoch": 2})
    assert stopped.value.expected_s == 200.0


def test_training_leaves_a_share_of_the_time_to_others(now: list[float]) -> None:
    model = SimpleNamespace(n_epochs_=10)
    alone, shared = StopInTime(Budget(100)), StopInTime(Budget(100), 0.5)
    now[0] = 7.0
    alone.on_epoch_end(model, {"epoch": 1})  # 70 s in all
    with pytest.raises(OutOfTimeError):
        shared.on_epoch_end(model, {"epoch": 1})


def test_training_is_left_alone_without_a_limit(now: list[float]) -> None:
    watch = StopInTime(Budget(None))
    now[0] = 1e9
    watch.on_epoch_end(SimpleNamespace(n_epochs_=10), {"epoch": 1})


def test_error_of_another_process_keeps_its_time() -> None:
    error = pickle.loads(pickle.dumps(OutOfTimeError(12.5)))
    assert error.expected_s == 12.5
    assert str(error) == str(OutOfTimeError(12.5))
