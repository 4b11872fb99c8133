"""A score is tried out on the labels before anything is computed."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    fbeta_score,
    get_scorer,
    log_loss,
    make_scorer,
    r2_score,
)

from hybridml.comparing.scoring import (
    check_scoring,
    scores_probabilities,
    scoring_name,
)
from hybridml.exceptions import InvalidParameterError

TEXT, NUMBERS = np.array(["a", "b"] * 4), np.array([0, 1] * 4)
LABELS = np.array([[1, 0, 0], [0, 1, 1], [1, 1, 0]] * 4, dtype=bool)
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


@pytest.mark.parametrize(
    "scoring",
    [make_scorer(fbeta_score, beta=2, average="macro"), lambda model, X, y: 0.5],
)
def test_scorer_of_ones_own_passes(scoring: Any) -> None:
    check_scoring(scoring, THREE)


@pytest.mark.parametrize(
    ("scoring", "targets", "task"),
    [
        ("r2", NUMBERS + 0.5, "regression"),
        ("neg_mean_absolute_error", NUMBERS[:, None] * [1.5, 2.0], "regression"),
        (make_scorer(r2_score), NUMBERS + 0.5, "regression"),
        ("f1_macro", LABELS, "multilabel"),
        ("roc_auc", LABELS, "multilabel"),
        ("average_precision", LABELS[:, :2], "multilabel"),
    ],
)
def test_score_suits_its_task(scoring: Any, targets: Any, task: Any) -> None:
    check_scoring(scoring, targets, task)


@pytest.mark.parametrize(
    ("scoring", "targets", "task", "message"),
    [
        ("accuracy", NUMBERS + 0.5, "regression", "suits these numbers .*continuous"),
        ("balanced_accuracy", LABELS, "multilabel", "suits these labels .*multilabel"),
        (len, TEXT, "classification", "exactly one argument .* make_scorer makes one"),
        (accuracy_score, TEXT, "classification", "make_scorer makes one of a metric"),
        (lambda *_: {"a": 1.0}, TEXT, "classification", "expected .* one number"),
    ],
)
def test_score_that_does_not_suit_its_task_is_refused(
    scoring: Any, targets: Any, task: Any, message: str
) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        check_scoring(scoring, targets, task)


def test_score_without_a_reason_is_refused() -> None:
    def fails(*_: object) -> float:
        raise ValueError

    with pytest.raises(InvalidParameterError, match=r"suits these labels \(ValueError"):
        check_scoring(fails, TEXT)


def test_names_are_shown() -> None:
    def half(model: object, X: object, y: object, offset: float = 0.0) -> float:
        return 0.5 + offset

    assert scoring_name("r2") == "r2"
    assert scoring_name(half) == "half"
    assert scoring_name(partial(half, offset=1.0)) == "half"
    assert scoring_name(make_scorer(r2_score)) == "r2_score"
    assert scoring_name(get_scorer("neg_log_loss")) == "neg_log_loss"


def test_scores_of_probabilities_are_known() -> None:
    assert scores_probabilities("neg_log_loss")
    assert scores_probabilities("roc_auc_ovr")
    assert not scores_probabilities("roc_auc")  # a decision function will do
    assert not scores_probabilities("balanced_accuracy")
    assert scores_probabilities(make_scorer(log_loss, response_method="predict_proba"))
    assert not scores_probabilities(make_scorer(accuracy_score))
    assert not scores_probabilities(lambda model, X, y: 0.5)
