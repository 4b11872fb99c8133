"""The XGBoost heads take any labels and keep scikit-learn's rules."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from hybridml.exceptions import DataError
from hybridml.heads import XGBoostClassifier, XGBoostRegressor

SUBSAMPLED = {
    "check_sample_weight_equivalence_on_dense_data": (
        "rows are drawn at random, and a weight of two is drawn as one row"
    )
}


@pytest.fixture
def blobs() -> tuple[np.ndarray, np.ndarray]:
    return make_blobs(90, 6, centers=3, random_state=0)


@parametrize_with_checks(
    [
        XGBoostClassifier(n_jobs=1, n_estimators=10),
        XGBoostRegressor(n_jobs=1, n_estimators=60),
    ],
    expected_failed_checks=lambda estimator: SUBSAMPLED,
)
@pytest.mark.filterwarnings("ignore")  # the checks provoke warnings on purpose
def test_xgboost_heads_keep_the_rules_of_scikit_learn(estimator, check) -> None:
    check(estimator)


@pytest.mark.parametrize(
    "labels",
    [["cat", "dog", "eel"], [-5, 3, 1000], [1, 2, 3], [0.0, 1.0, 2.0]],
    ids=["strings", "any integers", "from one", "floats"],
)
def test_classifier_takes_any_labels(labels: list, blobs) -> None:
    X, y = blobs[0], np.array(labels)[blobs[1]]
    head = XGBoostClassifier(n_jobs=1, n_estimators=10, random_state=0).fit(X, y)
    assert head.classes_.tolist() == sorted(labels)
    assert (head.predict(X) == y).mean() > 0.95
    assert head.predict(X).dtype == y.dtype


def test_classifier_takes_a_fold_that_lacks_a_class(blobs) -> None:
    X, y = blobs
    present = y != 1
    head = XGBoostClassifier(n_jobs=1, n_estimators=5).fit(X[present], y[present])
    assert head.classes_.tolist() == [0, 2]
    assert head.predict_proba(X).shape == (90, 2)
    assert set(head.predict(X)) <= {0, 2}


def test_classifier_refuses_one_class(blobs) -> None:
    with pytest.raises(DataError, match="Got y with 1 class; expected at least 2"):
        XGBoostClassifier().fit(blobs[0], ["cat"] * 90)


def test_two_class_probabilities_have_two_columns() -> None:
    X, y = make_blobs(40, 3, centers=2, random_state=0)
    probabilities = (
        XGBoostClassifier(n_jobs=1, n_estimators=5).fit(X, y).predict_proba(X)
    )
    assert probabilities.shape == (40, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-6)


def test_balanced_class_weight_equals_the_same_sample_weights() -> None:
    X, y = make_blobs([10, 50], 4, cluster_std=5.0, random_state=0)
    weights = np.where(y == 0, 60 / 20, 60 / 100)
    balanced = XGBoostClassifier(n_jobs=1, n_estimators=5, class_weight="balanced").fit(
        X, y
    )
    weighted = XGBoostClassifier(n_jobs=1, n_estimators=5).fit(
        X, y, sample_weight=weights
    )
    plain = XGBoostClassifier(n_jobs=1, n_estimators=5).fit(X, y)
    expected = weighted.predict_proba(X)
    np.testing.assert_array_equal(balanced.predict_proba(X), expected)
    assert not np.array_equal(plain.predict_proba(X), expected)


@pytest.mark.parametrize("head_class", [XGBoostClassifier, XGBoostRegressor])
def test_one_seed_gives_one_model_and_survives_pickling(head_class, blobs) -> None:
    X, y = blobs
    heads = [
        head_class(n_jobs=1, n_estimators=5, random_state=s).fit(X, y)
        for s in (1, 1, 2)
    ]
    first, again, other = (getattr(h, "predict_proba", h.predict)(X) for h in heads)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    loaded = pickle.loads(pickle.dumps(heads[0]))
    np.testing.assert_array_equal(loaded.predict(X), heads[0].predict(X))


def test_missing_values_are_learned_from(blobs) -> None:
    X, y = blobs
    X = X.copy()
    X[::3, 0] = np.nan
    head = XGBoostClassifier(n_jobs=1, n_estimators=10, colsample_bytree=0.5)
    assert cross_val_score(head, X, y, cv=3).mean() > 0.9


def test_feature_importances_find_the_telling_feature() -> None:
    X = np.random.default_rng(0).normal(size=(200, 5))
    head = XGBoostRegressor(n_jobs=1, n_estimators=20, colsample_bytree=0.6).fit(
        X, X[:, 3] * 9
    )
    assert head.feature_importances_.shape == (5,)
    assert head.feature_importances_.argmax() == 3
    assert head.feature_importances_.sum() == pytest.approx(1.0, abs=1e-5)
