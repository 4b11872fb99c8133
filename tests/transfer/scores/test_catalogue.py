"""Scores are found by name, for the task they are for."""

from __future__ import annotations

import pytest

import hybridml.transfer
from hybridml.exceptions import InvalidParameterError, UnknownNameError
from hybridml.transfer.scores.catalogue import SCORES, get_score, list_scores


def test_names_are_unique() -> None:
    names = [score.name for score in SCORES]
    assert len(names) == len(set(names))


def test_every_function_is_public() -> None:
    named = {score.name: score.function for score in SCORES if score.name != "nce"}
    for name, function in named.items():
        assert function.__name__ in hybridml.transfer.__all__, name


def test_several_labels_have_four_scores() -> None:
    assert list_scores("multilabel") == ["logme", "knn", "parc", "probe"]


def test_scores_of_outputs_are_for_classes() -> None:
    assert list_scores("classification", "probabilities") == ["leep", "nce"]
    assert list_scores("regression", "probabilities") == []


def test_unknown_score_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match=r"Got score='logmee'.*mean 'logme'\?"):
        get_score("logmee", "classification")


def test_score_of_classes_is_refused_for_numbers() -> None:
    expected = r"Got score='gbc'; expected a score for regression: 'logme', 'knn', "
    with pytest.raises(InvalidParameterError, match=expected):
        get_score("gbc", "regression")


def test_nce_takes_the_most_probable_source_class() -> None:
    score = get_score("nce", "classification")
    found = score.compute([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], list("aba"), {})
    assert found == {"nce": 0.0}


def test_probe_comes_with_its_error() -> None:
    options = {"task": "classification", "random_state": 0, "n_jobs": None}
    features = [[0.0], [0.1], [9.0], [9.1]]
    found = get_score("probe", "classification").compute(
        features, list("aabb"), options
    )
    assert list(found) == ["probe", "probe_standard_error"]
