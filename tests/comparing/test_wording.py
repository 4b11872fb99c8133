"""The verdict says who won, how sure that is, and who does as well for less."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from hybridml.comparing.baseline import BASELINE
from hybridml.comparing.wording import (
    describe,
    economical,
    is_baseline,
    word_verdict,
)
from tests.comparing.contenders import Learner

Rows = list[tuple[int | None, float, float, float]]


def _tables(
    rows: Rows, better: list[float] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables of rows of (case, score, p_value, fit_time_s)."""
    names = ["baseline" if row[0] is None else f"case {row[0]}" for row in rows]
    table = pd.DataFrame(
        {
            "candidate": names,
            "score": [row[1] for row in rows],
            "score_low": [row[1] - 0.02 for row in rows],
            "score_high": [row[1] + 0.02 for row in rows],
            "fit_time_s": [row[3] for row in rows],
        }
    )
    significance = pd.DataFrame(
        {
            "candidate": names[1:],
            "p_adjusted": [row[2] for row in rows[1:]],
            "p_winner_better": better or [0.1] * len(rows[1:]),
        }
    )
    return table, significance


def _verdict(table: pd.DataFrame, significance: pd.DataFrame) -> str:
    names = {name: f"{name} (net, svm)" for name in table["candidate"]}
    return word_verdict(table, significance, names, "case")


def test_clear_winner_is_better_than_all() -> None:
    found = _tables([(1, 0.9, 0, 1), (3, 0.8, 0.01, 9), (None, 0.5, 0.001, 0)])
    assert _verdict(*found) == (
        "case 1 (net, svm) wins with 0.900 (0.880 to 0.920). It is better than all the "
        "others, beyond chance."
    )


def test_rival_that_is_not_told_apart_is_named_with_its_cost() -> None:
    found = _tables([(1, 0.9, 0, 1), (2, 0.89, 0.4, 40), (4, 0.6, 0.001, 90)])
    assert _verdict(*found) == (
        "case 1 (net, svm) wins with 0.900 (0.880 to 0.920). Not distinguishable from "
        "it: case 2 (net, svm) with 0.890, 40 times dearer to fit. It is better than "
        "the rest, beyond chance."
    )


def test_cheaper_rival_is_said_to_be_cheaper() -> None:
    verdict = _verdict(*_tables([(3, 0.9, 0, 90), (1, 0.89, 0.4, 30)]))
    assert "case 1 (net, svm) with 0.890, 3.0 times cheaper to fit" in verdict


def test_equal_scores_are_called_the_same() -> None:
    found = _tables([(1, 0.9, 0, 1), (3, 0.9, 1.0, 1)])
    assert _verdict(*found).endswith("Case 3 (net, svm) scores the same.")


def test_baseline_that_wins_is_no_case() -> None:
    found = _tables([(None, 0.5, 0, 1), (3, 0.4, 0.5, 1)])
    assert _verdict(*found) == (
        "No case beats guessing, which scores 0.500 (0.480 to 0.520). The best, case 3 "
        "(net, svm), has 0.400."
    )


def test_winner_that_may_be_guessing_is_said_to_be() -> None:
    found = _tables([(1, 0.6, 0, 1), (None, 0.5, 0.2, 1)])
    assert _verdict(*found) == (
        "case 1 (net, svm) wins with 0.600 (0.580 to 0.620). The data do not tell it "
        "from guessing either."
    )


def test_many_rivals_are_counted() -> None:
    found = _tables([(i, 0.9 - i / 100, 0.5, 1) for i in range(5)])
    assert "case 2 (net, svm) with 0.880 and 2 more." in _verdict(*found)


def test_row_without_a_result_is_not_spoken_of() -> None:
    found = _tables([(1, 0.9, 0, 1), (4, math.nan, math.nan, math.nan)])
    assert _verdict(*found) == "case 1 (net, svm) wins with 0.900 (0.880 to 0.920)."


def test_score_without_an_interval_stands_alone() -> None:
    table, significance = _tables([(0, 0.5, 0, 1)])
    table[["score_low", "score_high"]] = np.nan
    assert _verdict(table, significance) == "case 0 (net, svm) wins with 0.500."


@pytest.mark.parametrize(
    ("rows", "better", "case"),
    [
        ([(3, 0.9, 0, 90), (1, 0.89, 0.4, 1)], [0.4], 1),
        ([(3, 0.9, 0, 90), (1, 0.89, 0.4, 1)], [0.6], 3),  # probably behind
        ([(3, 0.9, 0, 90), (1, 0.8, 0.01, 1)], [0.9], 3),  # told apart
        ([(1, 0.9, 0, 1), (3, 0.89, 0.4, 90)], [0.1], 1),  # dearer
        ([(3, 0.9, 0, 90), (2, 0.9, 1, 9), (1, 0.89, 0.4, 1)], [0.1, 0.1], 1),
        ([(3, 0.9, 0, 90), (None, 0.89, 0.4, 1)], [0.4], 3),  # never the baseline
        ([(3, 0.9, 0, 90)], [], 3),
    ],
)
def test_economical_row_is_the_quickest_of_the_equally_good(
    rows: Rows, better: list[float], case: int
) -> None:
    assert economical(*_tables(rows, better))["candidate"] == f"case {case}"


def test_contenders_are_named_with_what_they_chose() -> None:
    learner = Learner("case 2 (a)")
    assert describe(learner, {"cut_layer": "", "head": "linear"}) == "case 2 (linear)"
    assert describe(learner, {"head": ""}) == "case 2"
    guess = Learner(BASELINE)
    assert describe(guess, {"head": "prior"}) == "the baseline (guessing)"
    assert is_baseline({"candidate": guess.name})
    assert not is_baseline({"candidate": learner.name})
