"""A race spends its time on what is cheap first, then on what is promising."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from hybridml.comparing import budget as budget_module
from hybridml.comparing.budget import Budget, OutOfTimeError
from hybridml.comparing.fold_result import FoldResult
from hybridml.comparing.outputs import Outputs
from hybridml.comparing.race import Race, rounds
from tests.comparing.contenders import Learner

_SCORES = {None: 0.1, 0: 0.5, 1: 0.8, 2: 0.9, 3: 0.85, 4: 0.3}
Run = Callable[[int, int], FoldResult]


class _Clock:
    """Time that only passes when something is run."""

    def __init__(self) -> None:
        self.now = 0.0
        self.order: list[tuple[int | None, int]] = []

    def runner(self, cases: list[int | None], seconds: dict[int | None, float]) -> Run:
        def run_fold(position: int, fold: int) -> FoldResult:
            case = cases[position]
            self.now += seconds.get(case, 1.0)
            self.order.append((case, fold))
            return _result(_SCORES[case], seconds.get(case, 1.0))

        return run_fold


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    made = _Clock()
    monkeypatch.setattr(budget_module.time, "perf_counter", lambda: made.now)
    return made


def _result(score: float, seconds: float) -> FoldResult:
    outputs = Outputs(np.zeros(1))
    return FoldResult(score, seconds, 0.0, 1.0, 0, 1, 1, math.nan, {}, outputs)


def _race(
    cases: list[int | None], n_folds: int, seconds: float | None
) -> tuple[Race, list[int | None]]:
    contenders = [Learner(f"case {case}", case in (2, 3, 4)) for case in cases]
    return Race(contenders, n_folds, Budget(seconds)), cases


def _n_folds(race: Race) -> list[int]:
    return [len(standing.results) for standing in race.standings]


def test_without_a_limit_every_fold_is_run(clock: _Clock) -> None:
    race, cases = _race([None, 0, 1, 2, 3, 4], 3, None)
    race.run(clock.runner(cases, {}))
    assert _n_folds(race) == [3] * 6
    assert all(standing.note == "" for standing in race.standings)


def test_cheap_ones_run_first_and_the_others_take_turns(clock: _Clock) -> None:
    race, cases = _race([4, 3, 1, None], 3, None)
    race.run(clock.runner(cases, {}))
    cheap = [(1, 0), (1, 1), (1, 2), (None, 0), (None, 1), (None, 2)]
    turns = [(4, 0), (3, 0), (4, 1), (3, 1), (4, 2), (3, 2)]
    assert clock.order == cheap + turns


def test_short_of_time_the_worse_half_drops_out(clock: _Clock) -> None:
    race, cases = _race([None, 1, 2, 3, 4], 5, 100.0)
    race.run(clock.runner(cases, {2: 10.0, 3: 20.0, 4: 20.0}))
    assert _n_folds(race) == [5, 5, 3, 2, 1]
    assert race.standings[4].note == "1 of 5 folds: behind when time was short"
    assert race.standings[3].note == "2 of 5 folds: behind when time was short"
    assert race.standings[2].note == "3 of 5 folds: the time was up"


def test_nobody_drops_out_where_there_is_time_for_all(clock: _Clock) -> None:
    race, cases = _race([2, 3, 4], 5, 151.0)
    race.run(clock.runner(cases, {2: 10.0, 3: 10.0, 4: 10.0}))
    assert _n_folds(race) == [5, 5, 5]


def test_training_that_would_not_end_drops_out_with_its_time(clock: _Clock) -> None:
    race, cases = _race([1, 2, 3], 2, 100.0)
    run = clock.runner(cases, {})

    def run_fold(position: int, fold: int) -> FoldResult:
        if cases[position] == 3:
            raise OutOfTimeError(600.0)
        return run(position, fold)

    dropped: list[tuple[int, int]] = []
    race.run(run_fold, on_drop=lambda *told: dropped.append(told))
    assert _n_folds(race) == [2, 2, 0]
    assert race.standings[2].note == "0 of 2 folds: a fold takes 10 min"
    assert dropped == [(2, 2)]


def test_fold_that_races_alone_may_take_all_the_time(clock: _Clock) -> None:
    race, cases = _race([1, 2, 3], 3, 10.0)
    shares: list[float] = []
    run = clock.runner(cases, {3: 4.0})

    def noted(position: int, fold: int) -> FoldResult:
        if position:
            shares.append(race.share)
        return run(position, fold)

    race.run(noted)
    assert shares[:2] == [0.5, 0.5]
    assert shares[-1] == 1.0


def test_known_results_are_not_run_again(clock: _Clock) -> None:
    race, cases = _race([1, 2], 2, None)
    race.standings[1].results[1] = _result(0.7, 1.0)
    race.run(clock.runner(cases, {}))
    assert clock.order == [(1, 0), (1, 1), (2, 0)]
    assert race.standings[1].results[1].score == 0.7


def test_no_training_begins_when_the_time_is_up(clock: _Clock) -> None:
    race, cases = _race([None, 1, 2], 2, 1.5)
    race.run(clock.runner(cases, {}))
    assert _n_folds(race) == [2, 2, 0]
    assert race.standings[2].note == "0 of 2 folds: the time was up"


@pytest.mark.parametrize("n_folds", [1, 2, 3, 7, 8, 50])
def test_rounds_rise_to_all_the_folds(n_folds: int) -> None:
    found = list(rounds(n_folds))
    assert found == sorted(set(found))
    assert found[0] == 1
    assert found[-1] == n_folds


def test_what_comes_next_is_told_before_it_is_run(clock: _Clock) -> None:
    race, cases = _race([1, 2, 3], n_folds=4, seconds=None)
    told: list[list[tuple[int, int]]] = []
    order_then: list[int] = []

    def note(places: list[tuple[int, int]]) -> None:
        told.append(places)
        order_then.append(len(clock.order))

    race.run(clock.runner(cases, {}), on_ahead=note)
    assert told[0] == [(0, 0), (0, 1), (0, 2), (0, 3)]
    assert told[1] == [(1, 0), (2, 0)]
    assert order_then[:2] == [0, 0]
    assert told[3] == [(1, 1), (2, 1)]
    assert {place for places in told for place in places} == {
        (position, fold) for position in range(3) for fold in range(4)
    }
