"""Each row is tested by the folds that it shares with the winner."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hybridml.comparing.statistics.adjust import holm_adjusted
from hybridml.comparing.statistics.bayesian_t import probabilities_of_difference
from hybridml.comparing.statistics.compare_with_winner import (
    COLUMNS,
    compare_with_winner,
)
from hybridml.comparing.statistics.corrected_t import corrected_resampled_t_test
from hybridml.comparing.statistics.pairwise import pairwise_p_values
from hybridml.exceptions import (
    DataError,
    InvalidParameterError,
    UnknownNameError,
)

SCORES = {
    "won": [0.95, 0.93, 0.96, 0.92, 0.94],
    "near": [0.94, 0.94, 0.94, 0.93, 0.93],
    "far": [0.70, 0.66, 0.73, 0.69, 0.71],
}
N_TEST = 40


def _table(scores: dict[str, list[float]]) -> pd.DataFrame:
    rows = [(name, i, s) for name in scores for i, s in enumerate(scores[name])]
    table = pd.DataFrame(rows, columns=["candidate", "fold", "score"])
    return table.assign(n_train=160, n_test=N_TEST)


def _right(name: str, fold: int) -> np.ndarray:
    n_right = round(N_TEST * SCORES[name][fold])
    return (np.arange(N_TEST) < n_right).astype(float)


def test_rows_hold_what_the_tests_find() -> None:
    found = compare_with_winner(_table(SCORES), "won").set_index("candidate")
    assert list(found.index) == ["near", "far"]
    for name, row in found.iterrows():
        differences = np.subtract(SCORES["won"], SCORES[str(name)])
        test = corrected_resampled_t_test(differences, n_train=160, n_test=N_TEST)
        shares = probabilities_of_difference(differences, n_train=160, n_test=N_TEST)
        assert row["p_value"] == pytest.approx(test.p_value)
        columns = ["p_winner_better", "p_equivalent", "p_winner_worse"]
        assert row[columns].tolist() == pytest.approx(list(shares))
        assert row["low"] < row["difference"] < row["high"]
        assert (row["n_folds"], row["test"]) == (5, "corrected resampled t-test")
    adjusted = holm_adjusted(found["p_value"].to_numpy())
    assert found["p_adjusted"].tolist() == pytest.approx(adjusted.tolist())
    assert (found["p_adjusted"] < 0.05).tolist() == [False, True]


def test_only_shared_folds_are_compared() -> None:
    scores = _table(SCORES)
    scores = scores[(scores["candidate"] != "far") | scores["fold"].isin([1, 3, 4])]
    found = compare_with_winner(scores, "won").set_index("candidate")
    assert found.loc["far", "n_folds"] == 3
    expected = np.subtract(SCORES["won"], SCORES["far"])[[1, 3, 4]].mean()
    assert found.loc["far", "difference"] == pytest.approx(expected)


def test_order_of_rows_does_not_matter() -> None:
    scores = _table(SCORES)
    shuffled = scores.sort_values(["fold", "candidate"], ascending=False)
    found = compare_with_winner(scores, "won").set_index("candidate")
    other = compare_with_winner(shuffled, "won").set_index("candidate")
    pd.testing.assert_frame_equal(found, other.loc[found.index])


def test_fold_that_failed_counts_as_not_finished() -> None:
    scores = _table({**SCORES, "far": [0.7, math.nan, 0.7, 0.7, 0.6]})
    found = compare_with_winner(scores, "won").set_index("candidate")
    assert found.loc["far", "n_folds"] == 4


def test_single_shared_fold_is_bootstrapped() -> None:
    scores = _table({name: values[:1] for name, values in SCORES.items()})
    found = compare_with_winner(scores, "won", resample=_right)
    assert set(found["test"]) == {"paired bootstrap"}
    assert (found["p_adjusted"] < 0.05).tolist() == [False, True]
    assert found["n_folds"].tolist() == [1, 1]
    assert (found["low"] <= found["difference"]).all()


def test_functions_of_positions_and_arrays_agree() -> None:
    scores = _table({name: values[:1] for name, values in SCORES.items()})

    def by_position(name: str, fold: int) -> Any:
        right = _right(name, fold)
        return lambda positions: float(right[positions].mean())

    fast = compare_with_winner(scores, "won", resample=_right)
    slow = compare_with_winner(scores, "won", resample=by_position)
    pd.testing.assert_frame_equal(fast, slow)


def test_each_fold_is_asked_for_once_and_only_where_needed() -> None:
    asked: list[tuple[str, int]] = []

    def resample(name: str, fold: int) -> np.ndarray:
        asked.append((name, fold))
        return _right(name, fold)

    compare_with_winner(_table(SCORES), "won", resample=resample)
    assert asked == []
    one = _table({name: values[:1] for name, values in SCORES.items()})
    compare_with_winner(one, "won", resample=resample)
    assert sorted(asked) == [("far", 0), ("near", 0), ("won", 0)]


@pytest.mark.parametrize("resample", [None, lambda name, fold: None])
def test_single_fold_without_predictions_is_not_tested(resample: Any) -> None:
    one = _table({name: values[:1] for name, values in SCORES.items()})
    found = compare_with_winner(one, "won", resample=resample)
    assert found["difference"].tolist() == pytest.approx([0.01, 0.25])
    assert set(found["test"]) == {"none"}
    assert found[["low", "high", "p_value", "p_adjusted"]].isna().all(axis=None)


def test_candidates_that_share_no_fold_are_not_compared() -> None:
    scores = _table(SCORES)
    scores.loc[scores["candidate"] == "far", "fold"] += 100
    row = compare_with_winner(scores, "won").set_index("candidate").loc["far"]
    assert (row["n_folds"], row["test"]) == (0, "none")
    assert math.isnan(row["difference"])


def test_winner_alone_is_compared_with_nobody() -> None:
    found = compare_with_winner(_table({"won": SCORES["won"]}), "won")
    assert found.empty
    assert tuple(found.columns) == COLUMNS


def test_two_runs_agree() -> None:
    one = _table({name: values[:1] for name, values in SCORES.items()})
    found = [compare_with_winner(one, "won", resample=_right) for _ in range(2)]
    pd.testing.assert_frame_equal(*found)


def test_scores_given_are_left_alone() -> None:
    scores = _table(SCORES)
    before = scores.copy(deep=True)
    compare_with_winner(scores, "won")
    pd.testing.assert_frame_equal(scores, before)


def test_pairwise_p_values_hold_those_of_the_winner() -> None:
    table = pairwise_p_values(_table(SCORES))
    found = compare_with_winner(_table(SCORES), "won").set_index("candidate")
    assert table.loc["won", found.index].tolist() == found["p_value"].tolist()
    np.testing.assert_array_equal(table, table.T)
    assert np.diag(table).tolist() == [1.0, 1.0, 1.0]


def test_pairwise_p_values_of_single_folds_are_bootstrapped() -> None:
    one = _table({name: values[:1] for name, values in SCORES.items()})
    assert pairwise_p_values(one).loc["won", "far"] != pytest.approx(0.0, abs=1)
    assert pairwise_p_values(one, resample=_right).loc["won", "far"] < 0.05


def test_unknown_winner_is_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"Got winner='wan'.*mean 'won'"):
        compare_with_winner(_table(SCORES), "wan")


def test_missing_column_is_named() -> None:
    with pytest.raises(DataError, match="without 'n_train'; expected the columns"):
        compare_with_winner(_table(SCORES).drop(columns="n_train"), "won")


def test_fold_with_two_scores_is_named() -> None:
    scores = pd.concat([_table(SCORES), _table({"near": [0.9]})])
    with pytest.raises(DataError, match="two rows for 'near' in fold 0"):
        compare_with_winner(scores, "won")


@pytest.mark.parametrize("option", [{"rope": -1}, {"level": 95}])
def test_option_out_of_range_is_refused(option: dict[str, Any]) -> None:
    ((name, _),) = option.items()
    with pytest.raises(InvalidParameterError, match=f"Got {name}="):
        compare_with_winner(_table(SCORES), "won", **option)
