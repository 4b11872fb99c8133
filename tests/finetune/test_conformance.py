"""The fine-tuning estimators keep scikit-learn's rules, as far as X may be images."""

from __future__ import annotations

import pickle
from typing import Any

import joblib
import numpy as np
import numpy.typing as npt
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.utils import estimator_checks

from hybridml import FineTuneClassifier, FineTuneRegressor
from hybridml.testing import make_photos, register_tiny_backbone

QUICK: dict[str, Any] = {"epochs": 1, "store": None, "precision": "fp32"}
ESTIMATORS = [FineTuneClassifier("tiny", **QUICK), FineTuneRegressor("tiny", **QUICK)]

# The checks of scikit-learn that make no X of their own. All others fit or predict
# tables of numbers, (n, n_features), which are no images; what they claim is claimed of
# images here and in the tests of each estimator, but for n_features_in_ and feature
# names, which images do not have.
CHECKS = [
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_valid_tag_types",
]


def _data(estimator: Any, n: int = 12) -> tuple[npt.NDArray[np.uint8], Any]:
    X, y = make_photos(n)
    return X, (np.arange(n) / n if is_regressor(estimator) else y)


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_the_checks_without_a_table_pass(estimator: Any, name: str) -> None:
    getattr(estimator_checks, name)(type(estimator).__name__, estimator)


@pytest.fixture(params=ESTIMATORS, ids=lambda e: type(e).__name__)
def estimator(request: pytest.FixtureRequest) -> Any:
    return clone(request.param)


def test_it_says_what_it_is(estimator: Any) -> None:
    assert is_classifier(estimator) != is_regressor(estimator)
    assert estimator.__sklearn_tags__().target_tags.required


def test_it_is_not_fitted_before_fit(estimator: Any) -> None:
    with pytest.raises(NotFittedError, match="not fitted yet"):
        estimator.predict(_data(estimator)[0])


def test_fit_returns_itself_and_leaves_the_parameters(estimator: Any) -> None:
    before = estimator.get_params()
    assert estimator.fit(*_data(estimator)) is estimator
    assert estimator.get_params() == before


def test_fit_again_gives_the_same(estimator: Any) -> None:
    X, y = _data(estimator)
    first = estimator.fit(X, y).predict(X)
    np.testing.assert_array_equal(estimator.fit(X, y).predict(X), first)


def test_predict_changes_nothing(estimator: Any) -> None:
    X, y = _data(estimator)
    estimator.fit(X, y)
    before = joblib.hash({k: repr(v) for k, v in vars(estimator).items()})
    estimator.predict(X)
    assert joblib.hash({k: repr(v) for k, v in vars(estimator).items()}) == before


def test_what_fit_learns_ends_in_an_underscore(estimator: Any) -> None:
    params = set(vars(estimator))
    estimator.fit(*_data(estimator))
    learned = set(vars(estimator)) - params
    assert {"tuned_", "history_", "n_epochs_", "best_epoch_", "interrupted_"} <= learned
    assert all(name.endswith("_") or name.startswith("_") for name in learned)


def test_parts_and_order_do_not_change_predictions(estimator: Any) -> None:
    X, y = _data(estimator)
    every = estimator.fit(X, y).predict(X)
    one_by_one = [estimator.predict(X[i : i + 1])[0] for i in range(len(X))]
    np.testing.assert_array_equal(one_by_one, every)
    np.testing.assert_array_equal(estimator.predict(X[::-1]), every[::-1])


def test_it_is_pickled_before_and_after_fit(estimator: Any) -> None:
    X, y = _data(estimator)
    fresh = pickle.loads(pickle.dumps(estimator))
    expected = estimator.fit(X, y).predict(X)
    np.testing.assert_array_equal(fresh.fit(X, y).predict(X), expected)
    again = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_array_equal(again.predict(X), expected)


def test_parameters_are_searched(estimator: Any) -> None:
    X, y = _data(estimator, 16)
    grid = [{"trainable": ["head", "last2", "all"]}, {"learning_rate": [1e-2]}]
    search = GridSearchCV(estimator, grid, cv=2).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.predict(X).shape == (16,)


def test_backbones_are_searched(estimator: Any) -> None:
    X, y = _data(estimator, 16)
    other = register_tiny_backbone("tiny-other", seed=1)
    search = GridSearchCV(estimator, {"backbone": ["tiny", other]}, cv=2).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    best = search.best_params_["backbone"]
    assert search.best_estimator_.tuned_.network.backbone.name == best


def test_folds_in_threads_give_the_same(estimator: Any) -> None:
    X, y = _data(estimator, 16)
    alone = cross_val_score(estimator, X, y, cv=2)
    with joblib.parallel_config("threading"):
        both = cross_val_score(estimator, X, y, cv=2, n_jobs=2)
    np.testing.assert_allclose(both, alone, atol=1e-6)


def test_a_class_that_a_fold_lacks_is_never_predicted_there() -> None:
    X, y = make_photos(18, n_classes=3)
    order = np.argsort(y, kind="stable")
    train, test = next(KFold(3).split(order))  # the first class is in no training fold
    model = FineTuneClassifier("tiny", **QUICK).fit(X[order][train], y[order][train])
    assert model.classes_.tolist() == ["class1", "class2"]
    assert model.score(X[order][test], y[order][test]) == 0
    scores = cross_val_score(model, X[order], y[order], cv=KFold(3))
    assert scores.tolist() == [0, 0, 0]
