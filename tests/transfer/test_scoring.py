"""A score is tried out on the labels before anything is computed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hybridml.exceptions import InvalidParameterError
from hybridml.transfer.scoring import check_scoring, scores_probabilities

TEXT, NUMBERS = np.array(["a", "b"] * 4), np.array([0, 1] * 4)
THREE = np.array(["a", "b", "c"] * 3)


@pytest.mark.parametrize(
    ("scoring", "labels"),
    [
        ("accuracy", TEXT),
        ("f1_macro", THREE),
        ("roc_auc", TEXT),
        ("roc_auc_ovr", THREE),
        ("neg_log_loss", THREE),
        ("f1", NUMBERS),
    ],
)
def test_suitable_score_passes(scoring: str, labels: Any) -> None:
    check_scoring(scoring, labels)


@pytest.mark.parametrize(
    ("scoring", "message"),
    [
        ("acuracy", r"Got scoring='acuracy'; expected .* Did you mean 'accuracy'\?"),
        (None, "Got scoring=None; expected the name of one of scikit-learn's scorers"),
        (len, "Got scoring=<built-in function len>; expected the name"),
    ],
)
def test_unknown_score_is_named(scoring: Any, message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        check_scoring(scoring, TEXT)


@pytest.mark.parametrize(
    ("scoring", "labels", "reason"),
    [
        ("f1", TEXT, "pos_label=1 is not a valid label"),
        ("f1", THREE, "multiclass"),
        ("roc_auc", THREE, "multi_class must be in"),
        ("r2", TEXT, "could not convert string to float"),
    ],
)
def test_score_that_does_not_suit_the_labels_is_refused(
    scoring: str, labels: Any, reason: str
) -> None:
    with pytest.raises(InvalidParameterError, match=f"suits these labels .*{reason}"):
        check_scoring(scoring, labels)


def test_scores_of_probabilities_are_known() -> None:
    assert scores_probabilities("neg_log_loss")
    assert scores_probabilities("roc_auc_ovr")
    assert not scores_probabilities("roc_auc")  # a decision function will do
    assert not scores_probabilities("balanced_accuracy")
