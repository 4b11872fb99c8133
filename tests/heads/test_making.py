"""Every head, for every task it does: fits, searches, clones, pickles, stays quiet."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_blobs, make_regression
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler

from hybridml.exceptions import InvalidParameterError, UnknownHeadError
from hybridml.heads import (
    CalibratedHead,
    MultiLabelHead,
    ScaledTargetHead,
    get_head,
    head_grid,
    list_heads,
    make_head,
)
from hybridml.heads.catalogue import HEADS

CLASSIFIERS = list_heads("classification")
REGRESSORS = list_heads("regression")
PAIRS = [(head.name, task) for head in HEADS for task in head.tasks]
TREES = {"n_estimators": 5, "colsample_bytree": 0.5, "n_jobs": 1}
OWN_SCALE = 1000.0  # the targets' unit, to notice settings that depend on it


def quick(name: str) -> dict:
    return TREES if name == "xgboost" else {}


@pytest.fixture(scope="module")
def animals() -> tuple[np.ndarray, np.ndarray]:
    X, y = make_blobs(60, 12, centers=3, cluster_std=2.0, random_state=0)
    return X.astype(np.float32), np.array(["cat", "dog", "eel"])[y]


@pytest.fixture(scope="module")
def prices() -> tuple[np.ndarray, np.ndarray]:
    X, y = make_regression(80, 12, n_informative=6, random_state=0)
    return X.astype(np.float32), y * OWN_SCALE + 50 * OWN_SCALE


@pytest.fixture(scope="module")
def marks(animals) -> tuple[np.ndarray, np.ndarray]:
    X, y = animals
    return X, np.column_stack([y == "cat", y != "eel", X[:, 0] > X[:, 0].mean()])


@pytest.fixture
def rows(task, animals, marks, prices):
    return {"classification": animals, "multilabel": marks, "regression": prices}[task]


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_every_classifier_learns_string_labels(name: str, animals) -> None:
    X, y = animals
    head = make_head(name, random_state=0, n_jobs=1).fit(X, y)
    assert set(head.predict(X)) == {"cat", "dog", "eel"}
    assert head.score(X, y) > 0.95
    assert list(head.classes_) == ["cat", "dog", "eel"]


@pytest.mark.parametrize("name", REGRESSORS)
def test_every_regressor_learns_targets_in_any_unit(name: str, prices) -> None:
    X, y = prices
    head = make_head(name, task="regression", random_state=0, n_jobs=1).fit(X, y)
    in_another_unit = clone(head).fit(X, y / OWN_SCALE)
    assert np.corrcoef(head.predict(X), y)[0, 1] > 0.5
    if name != "xgboost":  # its float32 thresholds differ a little
        np.testing.assert_allclose(
            head.predict(X), in_another_unit.predict(X) * OWN_SCALE, rtol=1e-3
        )


@pytest.mark.parametrize("name", REGRESSORS)
def test_every_regressor_learns_several_targets(name: str, prices) -> None:
    X, y = prices
    table = np.column_stack([y, X[:, 0], -y])
    head = make_head(name, task="regression", random_state=0, n_jobs=1)
    found = head.fit(X, table).predict(X)
    assert found.shape == table.shape
    for column, target in enumerate(table.T):
        alone = clone(head).fit(X, target).predict(X)
        tolerance = 0.3 if name == "xgboost" else 1e-6  # the rows drawn are others
        assert np.abs(found[:, column] - alone).mean() < tolerance * target.std()


@pytest.mark.parametrize("calibrate", [False, True])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_every_classifier_tells_several_labels(
    name: str, calibrate: bool, marks
) -> None:
    X, present = marks
    options = {"calibrate": calibrate, "random_state": 0, "n_jobs": 1}
    head = make_head(name, task="multilabel", **options).fit(X, present)
    assert head.predict(X).shape == (60, 3)
    assert (head.predict(X) == present).mean() > 0.7  # ridge's default is strong
    spec = get_head(name)
    assert hasattr(head, "predict_proba") == (calibrate or spec.gives_probabilities)
    if hasattr(head, "predict_proba"):
        probabilities = head.predict_proba(X)
        assert probabilities.shape == (60, 3)
        assert ((probabilities >= 0) & (probabilities <= 1)).all()
        np.testing.assert_array_equal(probabilities > 0.5, head.predict(X))


@pytest.mark.parametrize("calibrate", [False, True])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_label_without_examples_does_not_crash(
    name: str, calibrate: bool, marks
) -> None:
    X, present = marks
    constant = np.ones(60, dtype=bool)
    once = np.arange(60) == 7
    table = np.column_stack([present, constant, ~constant, once])
    head = make_head(name, task="multilabel", calibrate=calibrate, **quick(name))
    found = head.fit(X, table).predict(X)
    assert found[:, 3].all()
    assert not found[:, 4].any()
    if hasattr(head, "predict_proba"):
        assert head.predict_proba(X)[:, 3:5].tolist() == [[1.0, 0.0]] * 60


@pytest.mark.parametrize(("name", "task"), PAIRS)
def test_grid_search_over_its_own_grid_works(name: str, task: str, rows) -> None:
    X, y = rows
    grid = {k: v[:2] for k, v in head_grid(name, task).items() if "n_est" not in k}
    search = GridSearchCV(make_head(name, task=task, **quick(name)), grid, cv=2)
    search.fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert set(search.best_params_) == set(grid)


@pytest.mark.parametrize(("name", "task"), PAIRS)
def test_clone_and_pickle_predict_the_same(name: str, task: str, rows) -> None:
    X, y = rows
    head = make_head(name, task=task, random_state=0, **quick(name)).fit(X, y)
    expected = head.predict(X)
    np.testing.assert_array_equal(clone(head).fit(X, y).predict(X), expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(head)).predict(X), expected)


@pytest.mark.parametrize("task", ["classification", "multilabel", "regression"])
@pytest.mark.parametrize("name", ["linear_svm", "rbf_svm"])
def test_set_params_reaches_the_estimator_inside(name: str, task: str, rows) -> None:
    X, y = rows
    head = make_head(name, task=task, calibrate=task != "regression")
    head.set_params(head__C=0.125).fit(X, y)
    assert _fitted_inside(head.named_steps["head"]).C == 0.125


def _fitted_inside(
    wrapper: CalibratedHead | MultiLabelHead | ScaledTargetHead,
) -> object:
    if isinstance(wrapper, MultiLabelHead):
        return _fitted_inside(wrapper.estimators_[0])
    if isinstance(wrapper, ScaledTargetHead):
        return wrapper.regressor_
    return wrapper.calibrated_.calibrated_classifiers_[0].estimator


def test_features_are_standardised_but_not_for_trees() -> None:
    assert isinstance(make_head("logistic").named_steps["scale"], StandardScaler)
    assert make_head("xgboost").named_steps["scale"] == "passthrough"


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_calibrated_probabilities_sum_to_one(name: str, animals) -> None:
    X, y = animals
    head = make_head(name, calibrate=True, random_state=0, **quick(name)).fit(X, y)
    probabilities = head.predict_proba(X)
    assert probabilities.shape == (60, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-5)
    assert (head.classes_[probabilities.argmax(axis=1)] == head.predict(X)).all()


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_calibration_works_with_two_members_of_a_class(name: str, animals) -> None:
    X, y = animals
    few = np.r_[np.flatnonzero(y == "cat")[:2], np.flatnonzero(y != "cat")]
    head = make_head(name, calibrate=True, **quick(name)).fit(X[few], y[few])
    assert head.predict_proba(X).shape == (60, 3)


def test_calibration_wraps_only_what_needs_it() -> None:
    for head in HEADS:
        made = make_head(head.name, calibrate=True).named_steps["head"]
        assert isinstance(made, CalibratedHead) != head.gives_probabilities


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_balanced_class_weight_finds_more_of_the_rare_class(name: str) -> None:
    X, y = make_blobs([20, 200], 5, centers=[[0.0] * 5, [1.0] * 5], random_state=0)
    options = {"max_depth": 1, **quick(name)} if name == "xgboost" else {}
    plain = make_head(name, random_state=0, **options).fit(X, y)
    fair = make_head(name, class_weight="balanced", random_state=0, **options).fit(X, y)
    new = make_blobs([500, 500], 5, centers=[[0.0] * 5, [1.0] * 5], random_state=1)[0]
    assert (fair.predict(new) == 0).sum() > (plain.predict(new) == 0).sum()


@pytest.mark.parametrize(("name", "task"), PAIRS)
@pytest.mark.parametrize(
    "noise",
    [
        pytest.param(20.0, id="separable", marks=pytest.mark.slow),
        pytest.param(200.0, id="overlapping"),
    ],
)
def test_deep_features_of_usual_size_converge(
    name: str, task: str, noise: float
) -> None:
    # Warnings are errors in this suite: a ConvergenceWarning fails the test.
    X, y = make_blobs(800, 1280, centers=3, cluster_std=noise, random_state=0)
    targets = {"classification": y, "regression": X[:, :5].sum(axis=1)}
    target = targets.get(task, np.column_stack([y == 0, y < 2]))
    options = {"n_estimators": 2, "n_jobs": 1} if name == "xgboost" else {}
    head = make_head(name, task=task, **options).fit(X.astype(np.float32), target)
    assert head.predict(X.astype(np.float32)).shape == target.shape


def test_balanced_class_weight_finds_more_of_a_rare_label(marks) -> None:
    X, y = make_blobs([20, 200], 5, centers=[[0.0] * 5, [1.0] * 5], random_state=0)
    table = np.column_stack([y == 0, y == 1])
    plain, fair = (
        make_head("logistic", task="multilabel", class_weight=weight).fit(X, table)
        for weight in (None, "balanced")
    )
    assert fair.predict(X)[:, 0].sum() > plain.predict(X)[:, 0].sum()


def test_options_reach_the_estimator() -> None:
    assert make_head("logistic", C=7.0).get_params()["head__C"] == 7.0
    assert make_head("xgboost", n_jobs=2).get_params()["head__n_jobs"] == 2
    assert make_head("xgboost", random_state=3).get_params()["head__random_state"] == 3


def test_unknown_options_are_named_together_with_the_nearest() -> None:
    with pytest.raises(
        InvalidParameterError, match=r"max_depht=3.*'max_depth'.*nope=1"
    ):
        make_head("xgboost", max_depht=3, nope=1)


def test_unknown_head_is_its_own_error() -> None:
    with pytest.raises(UnknownHeadError, match="Did you mean 'xgboost'"):
        make_head("xgbost")


@pytest.mark.parametrize("option", [{"calibrate": True}, {"class_weight": "balanced"}])
def test_regression_refuses_what_is_for_classes(option: dict) -> None:
    with pytest.raises(InvalidParameterError, match="for regression"):
        make_head("ridge", task="regression", **option)


def test_head_grid_puts_the_prefix_before_each_key() -> None:
    plain, prefixed = head_grid("xgboost"), head_grid("xgboost", prefix="clf__")
    assert prefixed == {f"clf__{key}": values for key, values in plain.items()}
    assert all(key.startswith("head__") for key in plain)


def test_head_grid_gives_a_fresh_dictionary_each_time() -> None:
    head_grid("ridge")["head__alpha"].clear()
    assert head_grid("ridge")["head__alpha"]
