"""Groups hold all contenders of which no two are told apart."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hybridml.comparing.statistics.groups import groups_not_told_apart
from hybridml.exceptions import DataError, InvalidParameterError

SCORES = {"a": 0.9, "b": 0.8, "c": 0.7, "d": 0.6}


def _table(apart: str, names: str = "abcd") -> pd.DataFrame:
    """P-values of 1e-6 for the pairs listed (as "ac ad"), and 0.5 for the others."""
    table = pd.DataFrame(0.5, list(names), list(names))
    for first, second in apart.split():
        table.loc[first, second] = table.loc[second, first] = 1e-6
    return table


@pytest.mark.parametrize(
    ("apart", "groups"),
    [
        ("", ["abcd"]),
        ("ad", ["abc", "bcd"]),
        ("ac ad bd", ["ab", "bc", "cd"]),
        ("ab ac ad", ["bcd"]),
        ("ab bc", ["acd", "bd"]),
        ("ab ac ad bc bd cd", []),
    ],
)
def test_groups_are_all_that_are_not_told_apart(apart: str, groups: list[str]) -> None:
    found = groups_not_told_apart(SCORES, _table(apart))
    assert ["".join(group) for group in found] == groups


@pytest.mark.parametrize("seed", range(10))
def test_groups_agree_with_all_subsets(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = "abcdefg"
    pairs = ["".join(pair) for pair in combinations(names, 2) if rng.random() < 0.4]
    alike = [
        set(group)
        for size in range(2, 8)
        for group in combinations(names, size)
        if not any(set(pair) <= set(group) for pair in pairs)
    ]
    largest = {"".join(sorted(g)) for g in alike if not any(g < h for h in alike)}
    scores = {name: -i for i, name in enumerate(names)}
    found = groups_not_told_apart(scores, _table(" ".join(pairs), names))
    assert {"".join(group) for group in found} == largest
    assert len(found) == len(largest)


def test_best_comes_first_whatever_the_order_given() -> None:
    backwards = dict(reversed(SCORES.items()))
    assert groups_not_told_apart(backwards, _table("")) == [("a", "b", "c", "d")]


def test_p_values_are_adjusted_for_all_pairs() -> None:
    table = _table("")
    table.loc["a", "d"] = table.loc["d", "a"] = 0.01  # 0.06 among six pairs
    assert groups_not_told_apart(SCORES, table) == [("a", "b", "c", "d")]
    assert len(groups_not_told_apart(SCORES, table, alpha=0.1)) == 2


def test_pair_that_was_not_compared_is_not_told_apart() -> None:
    table = _table("ac bc")
    table.loc["a", "b"] = table.loc["b", "a"] = math.nan
    scores = {name: SCORES[name] for name in "abc"}
    assert groups_not_told_apart(scores, table) == [("a", "b")]


def test_one_contender_makes_no_group() -> None:
    assert groups_not_told_apart({"a": 0.9}, _table("")) == []


def test_contender_without_p_values_is_named() -> None:
    with pytest.raises(DataError, match="no p_values of 'e'; expected those of all"):
        groups_not_told_apart({**SCORES, "e": 0.5}, _table(""))


@pytest.mark.parametrize("alpha", [-0.1, 5, "5 %"])
def test_alpha_that_is_none_is_refused(alpha: Any) -> None:
    with pytest.raises(InvalidParameterError, match=r"Got alpha=.*from 0 to 1"):
        groups_not_told_apart(SCORES, _table(""), alpha=alpha)
