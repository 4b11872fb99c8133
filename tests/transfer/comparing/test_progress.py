"""Progress never goes back, ends at one, and guesses the time left from the past."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridml.transfer.cases.making import CaseOptions
from hybridml.transfer.comparing import progress as progress_module
from hybridml.transfer.comparing.candidate import Candidate
from hybridml.transfer.comparing.progress import ComparisonProgress, Step


def _candidates(*cases: int, epochs: int = 2) -> list[Candidate]:
    return [Candidate(case, CaseOptions("tiny", epochs=epochs)) for case in cases]


def _folds(n_folds: int) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(np.arange(10), np.arange(10, 15))] * n_folds


@given(
    cases=st.lists(st.integers(0, 4), min_size=1, max_size=5),
    n_folds=st.integers(1, 4),
    epochs=st.integers(0, 3),
)
def test_done_rises_from_zero_to_one(
    cases: list[int], n_folds: int, epochs: int
) -> None:
    steps: list[Step] = []
    candidates = _candidates(*cases, epochs=epochs)
    progress = ComparisonProgress(candidates, _folds(n_folds), steps.append)
    for position in range(len(candidates)):
        report = progress.reporter(position)
        for fold in range(n_folds):
            report("fold", fold)
            for epoch in range(1, epochs + 1):
                report("epoch", fold + epoch / epochs)
    progress.finish("done")
    done = [step.done for step in steps]
    assert done == sorted(done)
    assert done[0] == 0.0
    assert done[-1] == 1.0
    assert steps[-1].seconds_left is None


def test_time_left_goes_by_the_pace_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(progress_module.time, "perf_counter", lambda: now)
    steps: list[Step] = []
    progress = ComparisonProgress(_candidates(0, 1), _folds(2), steps.append)
    report = progress.reporter(0)
    report("first fold", 0)
    now = 6.0
    report("second fold", 1)  # 6 s left of this case, and 12 s of the next
    now = 12.0
    report = progress.reporter(1)
    now = 13.0
    report("first fold", 0)
    now = 14.0
    report("second fold", 1)  # the second case is known to take 2 s a fold
    assert [step.seconds_left for step in steps] == [None, 18.0, 12.0, 2.0]


def test_a_candidate_that_stops_early_is_taken_as_done() -> None:
    steps: list[Step] = []
    progress = ComparisonProgress(_candidates(0, 1), _folds(2), steps.append)
    progress.reporter(0)("first fold", 0)
    progress.reporter(1)("first fold", 0)
    assert steps[-1].done == 0.5
