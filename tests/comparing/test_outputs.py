"""What was said of images can be scored again, on all or some of them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import get_scorer
from sklearn.multiclass import OneVsRestClassifier

from hybridml.comparing.outputs import (
    Outputs,
    can_score_outputs,
    outputs_of,
    score_outputs,
)

X, y = make_classification(60, n_informative=5, n_classes=3, random_state=0)


@pytest.mark.parametrize(
    "scoring",
    ["accuracy", "balanced_accuracy", "f1_macro", "neg_log_loss", "roc_auc_ovr"],
)
def test_replayed_score_is_that_of_the_estimator(scoring: str) -> None:
    model, scorer = LogisticRegression().fit(X[:40], y[:40]), get_scorer(scoring)
    outputs, seconds = outputs_of(model, X[40:])
    assert seconds > 0
    found = score_outputs(scorer, outputs, y[40:], "classification")
    assert found == scorer(model, X[40:], y[40:])


def test_two_classes_by_text_have_their_ranking_scored() -> None:
    labels = np.array(["no", "yes"])[(y > 0).astype(int)]
    model, scorer = LogisticRegression().fit(X, labels), get_scorer("roc_auc")
    outputs, _ = outputs_of(model, X)
    found = score_outputs(scorer, outputs, labels, "classification")
    assert found == scorer(model, X, labels)


def test_numbers_are_scored() -> None:
    model, scorer = Ridge().fit(X, X[:, 0] + 0.5), get_scorer("r2")
    outputs, _ = outputs_of(model, X)
    assert outputs.confidence() is None
    found = score_outputs(scorer, outputs, X[:, 0] + 0.5, "regression")
    assert found == scorer(model, X, X[:, 0] + 0.5)


def test_labels_are_scored() -> None:
    images, labels = make_multilabel_classification(50, n_classes=4, random_state=0)
    model = OneVsRestClassifier(LogisticRegression()).fit(images, labels)
    scorer, (outputs, _) = get_scorer("f1_macro"), outputs_of(model, images)
    found = score_outputs(scorer, outputs, labels, "multilabel")
    assert found == scorer(model, images, labels)
    assert outputs.confidence() is not None


def test_some_images_are_scored_several_times() -> None:
    outputs = Outputs(np.array([0, 1, 1]), classes=np.array([0, 1]))
    truth, drawn = np.array([0, 0, 1]), np.array([1, 1, 1, 2])
    found = score_outputs(
        get_scorer("accuracy"), outputs, truth, "classification", drawn
    )
    assert found == 0.25


def test_only_scorers_of_outputs_can_be_replayed() -> None:
    assert can_score_outputs(get_scorer("accuracy"))
    assert not can_score_outputs(lambda estimator, X, y: 0.0)


def test_confidence_is_the_probability_of_what_is_said() -> None:
    outputs = Outputs(
        np.array([0, 1]), predict_proba=np.array([[0.9, 0.1], [0.2, 0.8]])
    )
    np.testing.assert_array_equal(outputs.confidence(), [0.9, 0.8])
