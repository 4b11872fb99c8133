"""Progress never goes back, ends at one, and guesses the time left from the past."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridml.comparing import progress as progress_module
from hybridml.comparing.budget import Budget
from hybridml.comparing.contender import Work
from hybridml.comparing.progress import ComparisonProgress, Step
from tests.comparing.contenders import Learner


def _contenders(*passes: float) -> list[Learner]:
    return [Learner(f"{n}", work=Work(n)) for n in passes]


def _pair() -> list[Learner]:
    """A pass, and a search on what it has stored."""
    return [Learner("pass"), Learner("search", work=Work(1.0, is_telling=False))]


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds = [0.0]
    monkeypatch.setattr(progress_module.time, "perf_counter", lambda: seconds[0])
    return seconds


def _progress(
    contenders: list[Learner], n_folds: int, seconds: float | None = None
) -> tuple[ComparisonProgress, list[Step]]:
    steps: list[Step] = []
    budget = Budget(seconds)
    return ComparisonProgress(contenders, n_folds, budget, steps.append), steps


@given(
    passes=st.lists(st.floats(0.01, 50), min_size=1, max_size=5),
    n_folds=st.integers(1, 4),
    epochs=st.integers(0, 3),
)
def test_done_rises_from_zero_to_one(
    passes: list[float], n_folds: int, epochs: int
) -> None:
    contenders = _contenders(*passes)
    progress, steps = _progress(contenders, n_folds)
    for _ in range(n_folds):  # folds of the contenders take turns
        for position in range(len(contenders)):
            report = progress.reporter(position)
            report("fold", 0)
            for epoch in range(1, epochs + 1):
                report("epoch", epoch / epochs)
            report("", 1)
    progress.finish("done")
    done = [step.done for step in steps]
    assert done == sorted(done)
    assert done[0] == 0.0
    assert done[-1] == 1.0
    assert steps[-1].seconds_left is None


def test_time_left_goes_by_the_pace_so_far(now: list[float]) -> None:
    progress, steps = _progress(_pair(), 2)
    report = progress.reporter(0)
    report("first fold", 0)
    now[0] = 6.0
    report("", 1)
    progress.reporter(0)("second fold", 0)  # 6 s left, and 12 s of the next one
    now[0] = 12.0
    progress.reporter(0)("", 1)
    report = progress.reporter(1)
    report("first fold", 0)
    now[0] = 14.0
    report("", 1)
    progress.reporter(1)("second fold", 0)  # the second takes 2 s a fold
    left = [step.seconds_left for step in steps]
    assert left[:2] == [None, 18.0]
    assert left[-1] == 2.0


def test_time_left_is_no_more_than_the_budget(now: list[float]) -> None:
    progress, steps = _progress(_contenders(1.0), 100, seconds=50.0)
    report = progress.reporter(0)
    now[0] = 10.0
    report("", 1)
    progress.reporter(0)("second fold", 0)
    assert steps[-1].seconds_left == 40.0


def test_folds_that_are_never_run_are_no_work() -> None:
    progress, steps = _progress(_contenders(1.0, 1.0), 2)
    progress.leave_out(0, 1)
    report = progress.reporter(0)
    report("", 1)
    progress.leave_out(1, 1)
    report = progress.reporter(1)
    report("fold", 0.5)
    assert steps[-1].done == 0.75
