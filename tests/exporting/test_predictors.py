"""Heads as operators against heads of scikit-learn and XGBoost, on features alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.linear_model import LinearRegression, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from hybridml import make_head
from hybridml.exceptions import ModelError
from hybridml.exporting.graph import Graph
from hybridml.exporting.predictors import say
from hybridml.fusion.learning.unit_rbf import unit_rbf
from tests.exporting.running import features_input, run

N_ROWS, N_FEATURES = 90, 6
X, CODES = make_classification(
    N_ROWS, N_FEATURES, n_informative=4, n_classes=3, random_state=0
)
ASKED = np.random.default_rng(1).normal(size=(40, N_FEATURES)) * X.std(axis=0)
NAMES = np.array(["cat", "dog", "eel"])[CODES]
TWO = np.where(NAMES == "eel", "dog", NAMES)
SEVERAL = np.column_stack([CODES == 0, CODES != 1, CODES > 3]).astype(int)
NUMBERS = X @ np.arange(N_FEATURES) * 100 + 5000
TARGETS = {"two": TWO, "three": NAMES, "several": SEVERAL}
HEADS = ["linear_svm", "rbf_svm", "logistic", "ridge", "xgboost"]
FOR_NUMBERS = ["linear_svm", "rbf_svm", "ridge", "xgboost"]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("calibrate", [False, True])
@pytest.mark.parametrize("head", HEADS)
def test_head_says_the_same(head: str, calibrate: bool, target: str) -> None:
    task: Any = "multilabel" if target == "several" else "classification"
    made = make_head(head, task=task, calibrate=calibrate, random_state=0)
    _check(made.fit(X.astype(np.float32), TARGETS[target]))


@pytest.mark.parametrize("n_targets", [1, 2])
@pytest.mark.parametrize("head", FOR_NUMBERS)
def test_head_for_numbers_says_the_same(head: str, n_targets: int) -> None:
    y = NUMBERS if n_targets == 1 else np.column_stack([NUMBERS, -NUMBERS / 7])
    _check(make_head(head, task="regression").fit(X.astype(np.float32), y))


@pytest.mark.parametrize(
    "predictor",
    [
        SVC(decision_function_shape="ovo"),
        SVC(break_ties=True),
        SVC(kernel="linear"),
        SVC(kernel=unit_rbf),
        make_pipeline("passthrough", RandomForestClassifier(5, random_state=0)),
    ],
    ids=["votes of pairs", "ties broken", "linear kernel", "own kernel", "a forest"],
)
def test_other_classifiers_say_the_same(predictor: Any) -> None:
    _check(predictor.fit(X.astype(np.float32), NAMES))


@pytest.mark.parametrize(
    "predictor",
    [LinearRegression(), RandomForestRegressor(5, random_state=0)],
    ids=str,
)
def test_other_regressors_say_the_same(predictor: Any) -> None:
    _check(predictor.fit(X.astype(np.float32), NUMBERS))


def test_missing_features_go_the_way_of_the_trees() -> None:
    gaps = X.astype(np.float32)
    gaps[::3, 1] = np.nan
    head = make_head("xgboost").fit(gaps, NAMES)
    probabilities = _said(head, gaps.astype(np.float64)).probabilities
    graph = probabilities.graph
    found = run(graph, probabilities, np.float64, features=gaps.astype(np.float64))
    np.testing.assert_allclose(found, head.predict_proba(gaps), atol=1e-6)


@pytest.mark.parametrize(
    ("predictor", "named"),
    [
        (SGDClassifier(), "SGDClassifier"),
        (SVC(kernel="poly"), "kernel='poly'"),
        (GaussianProcessClassifier(), "GaussianProcessClassifier"),
    ],
    ids=str,
)
def test_step_that_cannot_be_exported_is_named(predictor: Any, named: str) -> None:
    fitted = predictor.fit(X, NAMES)
    with pytest.raises(ModelError, match=named):
        _said(fitted, X)


def test_message_names_what_is_supported() -> None:
    fitted = SGDClassifier().fit(X, NAMES)
    with pytest.raises(ModelError, match=r"Supported are .*LinearSVC, .*SVC"):
        _said(fitted, X)


def _said(predictor: Any, rows: Any) -> Any:
    graph = Graph()
    return say(predictor, features_input(graph, rows.shape[1]))


def _check(predictor: Any) -> None:
    """Compare all that a predictor says."""
    asked = ASKED.astype(np.float32)
    feeds = {"features": asked.astype(np.float64)}
    right = predictor.predict(asked)
    for name, method in (
        ("probabilities", "predict_proba"),
        ("scores", "decision_function"),
        ("numbers", "predict"),
    ):
        said = _said(predictor, asked)
        value = getattr(said, name)
        if value is None:
            continue
        found = run(value.graph, value, np.float64, **feeds)
        expected = np.asarray(getattr(predictor, method)(asked))
        unit = np.abs(expected).max()
        np.testing.assert_allclose(
            found, expected.reshape(found.shape), atol=2e-6 * unit, rtol=0
        )
    said = _said(predictor, asked)
    if said.present is not None:
        present = run(said.present.graph, said.present, np.int64, **feeds)
        np.testing.assert_array_equal(present, right)
    elif said.classes is not None:
        positions = said.positions()
        places = run(positions.graph, positions, np.int64, n_axes=1, **feeds)
        np.testing.assert_array_equal(said.classes[places], right)
