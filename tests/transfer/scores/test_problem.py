"""Scores are chosen once each, and only those that suit what is at hand."""

from __future__ import annotations

from typing import Any

import pytest

from hybridml import DeepFeatureExtractor, list_cut_layers
from hybridml.exceptions import InvalidParameterError, UnknownNameError
from hybridml.transfer.scores.problem import choose_scores, cost_of_layers


@pytest.mark.parametrize(
    ("given", "chosen"),
    [("knn", ["knn"]), (["knn", "logme", "knn"], ["knn", "logme"])],
)
def test_each_score_is_chosen_once(given: Any, chosen: list[str]) -> None:
    found = choose_scores(given, "classification")
    assert [score.name for score in found] == chosen


@pytest.mark.parametrize("given", [None, 3, []])
def test_no_scores_are_refused(given: Any) -> None:
    with pytest.raises(InvalidParameterError, match="expected one score or several"):
        choose_scores(given, "classification")


def test_score_that_is_no_name_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="Got score=3"):
        choose_scores([3], "classification")  # type: ignore[list-item]


def test_score_of_outputs_is_refused_where_there_are_features_only() -> None:
    with pytest.raises(InvalidParameterError, match="'nce' is of probabilities"):
        choose_scores("nce", "classification", "features")


def test_cost_is_that_of_the_listed_layers() -> None:
    layers = list_cut_layers("tiny", image_size=64).set_index("name")
    costs = cost_of_layers(DeepFeatureExtractor("tiny", image_size=64))
    assert costs == layers["gmacs"].to_dict()
