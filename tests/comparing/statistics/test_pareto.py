"""A row is on the Pareto front just where no other beats it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from hybridml.comparing.statistics.pareto import is_pareto_optimal
from hybridml.exceptions import DataError, InvalidParameterError


def _is_beaten(row: list[float], other: list[float]) -> bool:
    """By a score that is high and a cost that is low."""
    as_good = other[0] >= row[0] and other[1] <= row[1]
    return as_good and (other[0] > row[0] or other[1] < row[1])


@pytest.mark.parametrize("seed", range(10))
def test_front_agrees_with_all_pairs(seed: int) -> None:
    rows = np.random.default_rng(seed).integers(0, 6, size=(25, 2)).tolist()
    expected = [not any(_is_beaten(row, other) for other in rows) for row in rows]
    assert is_pareto_optimal(rows, better=("high", "low")).tolist() == expected


def test_equal_rows_do_not_beat_each_other() -> None:
    rows = [[0.9, 5.0], [0.9, 5.0], [0.9, 6.0]]
    found = is_pareto_optimal(rows, better=("high", "low"))
    assert found.tolist() == [True, True, False]


def test_row_with_a_gap_neither_wins_nor_beats() -> None:
    rows = [[0.99, math.nan], [0.9, 5.0], [math.nan, 1.0]]
    found = is_pareto_optimal(rows, better=("high", "low"))
    assert found.tolist() == [False, True, False]


def test_infinite_cost_is_a_cost() -> None:
    rows = [[0.9, math.inf], [0.9, 5.0]]
    found = is_pareto_optimal(rows, better=("high", "low"))
    assert found.tolist() == [False, True]


def test_no_rows_have_no_front() -> None:
    found = is_pareto_optimal(np.empty((0, 2)), better=("high", "low"))
    assert (found.shape, found.dtype) == ((0,), bool)


@pytest.mark.parametrize("better", [("high",), ("high", "cheap"), "high"])
def test_direction_that_is_none_is_refused(better: Any) -> None:
    with pytest.raises(InvalidParameterError, match=r"Got better=.*for each of 2"):
        is_pareto_optimal([[0.9, 5.0]], better=better)


def test_values_without_rows_and_columns_are_refused() -> None:
    with pytest.raises(DataError, match=r"shape \(2,\); expected rows and columns"):
        is_pareto_optimal([0.9, 5.0], better=("high", "low"))
