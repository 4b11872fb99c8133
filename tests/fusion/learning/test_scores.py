"""Scores, probabilities and temperatures."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.svm import LinearSVC

from hybridml.fusion.learning.scores import (
    fit_temperature,
    outputs_from,
    row_losses,
    scores_from,
    scores_of,
)
from hybridml.fusion.learning.targets import class_targets, number_targets


def _data(n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    codes = np.arange(60) % n_classes
    X = rng.normal(size=(60, 3)) + codes[:, None]
    return X, np.array([f"c{code}" for code in codes])


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(
    "estimator", [LogisticRegression(), LinearSVC(), Perceptron(), LinearSVC(C=0.1)]
)
def test_the_highest_score_is_what_is_predicted(
    estimator: LogisticRegression, n_classes: int
) -> None:
    X, y = _data(n_classes)
    targets = class_targets(y, len(y))
    scores = scores_of(estimator.fit(X, y), X, targets)
    assert (targets.classes[scores.argmax(axis=1)] == estimator.predict(X)).all()


def test_probabilities_survive_the_way_there_and_back() -> None:
    X, y = _data(3)
    targets = class_targets(y, len(y))
    model = LogisticRegression().fit(X, y)
    outputs = outputs_from(scores_of(model, X, targets), targets)
    assert outputs == pytest.approx(model.predict_proba(X), abs=1e-9)
    again = outputs_from(scores_from(outputs, targets), targets)
    assert again == pytest.approx(outputs, abs=1e-9)


def test_a_class_that_was_not_seen_has_next_to_no_probability() -> None:
    X, y = _data(3)
    targets = class_targets(y, len(y))
    model = LogisticRegression().fit(X[y != "c1"], y[y != "c1"])
    outputs = outputs_from(scores_of(model, X, targets), targets)
    assert outputs[:, 1].max() < 1e-3
    assert outputs.sum(axis=1) == pytest.approx(np.ones(60))


def test_labels_of_a_forest_become_one_table() -> None:
    X, _ = _data(2)
    y = np.column_stack([X[:, 0] > 0, np.zeros(60), X[:, 1] > 1]).astype(int)
    targets = class_targets(y, len(y))
    forest = RandomForestClassifier(5, random_state=0).fit(X, y)
    outputs = outputs_from(scores_of(forest, X, targets), targets)
    assert ((outputs > 0.5).astype(int) == forest.predict(X)).all()


def test_temperature_undoes_a_known_one() -> None:
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(20_000, 3))
    codes = np.array([rng.choice(3, p=p) for p in softmax(scores, axis=1)])
    targets = class_targets(codes, len(codes))
    assert fit_temperature(scores * 4.0, targets) == pytest.approx(4.0, rel=0.05)


def test_losses_are_those_of_scikit_learn() -> None:
    from sklearn.metrics import log_loss, mean_squared_error

    X, y = _data(3)
    targets = class_targets(y, len(y))
    model = LogisticRegression().fit(X, y)
    found = row_losses(scores_of(model, X, targets), targets).mean()
    assert found == pytest.approx(log_loss(y, model.predict_proba(X)))
    numbers = number_targets(X, len(X))
    found = row_losses(X * 0.5, numbers).mean()
    assert found == pytest.approx(mean_squared_error(X, X * 0.5))
