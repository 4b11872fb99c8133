"""Fusion estimators as scikit-learn's own checks, and its users, expect them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from hybridml.fusion import (
    EarlyFusionClassifier,
    EarlyFusionRegressor,
    IntermediateFusionClassifier,
    IntermediateFusionRegressor,
    LateFusionClassifier,
    LateFusionRegressor,
)

TABLE = [("table", "tabular", slice(None))]
NETWORK: dict[str, Any] = {"width": 32, "epochs": 60, "device": "cpu"}
CLASSIFIERS = [
    EarlyFusionClassifier(TABLE, head="logistic"),
    LateFusionClassifier(TABLE, head="logistic", cv=2),
    IntermediateFusionClassifier(TABLE, **NETWORK),
]
REGRESSORS = [
    EarlyFusionRegressor(TABLE, head="ridge"),
    LateFusionRegressor(TABLE, head="ridge", cv=2),
    IntermediateFusionRegressor(TABLE, **NETWORK),
]
BOTH = [("left", StandardScaler(), ["size"]), ("right", StandardScaler(), ["age"])]


def _known_failures(estimator: Any) -> dict[str, str]:
    known = {}
    if hasattr(estimator, "predict_proba"):
        what = "a column of labels is taken without a warning"
        known["check_supervised_y_2d"] = what
    if type(estimator).__name__.startswith("Intermediate"):
        what = "a repeated row is dealt to other batches than a row that counts twice"
        known["check_sample_weight_equivalence_on_dense_data"] = what
    return known


@pytest.mark.slow
@parametrize_with_checks(
    [*CLASSIFIERS, *REGRESSORS], expected_failed_checks=_known_failures
)
@pytest.mark.filterwarnings("ignore::Warning")  # the checks provoke them
def test_a_table_alone_passes_the_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def _of_two(estimator: Any) -> Any:
    """Copy an estimator, to be fitted quickly on two modalities."""
    model = clone(estimator).set_params(modalities=BOTH)
    return model.set_params(epochs=10) if "epochs" in model.get_params() else model


@pytest.mark.parametrize("estimator", [*CLASSIFIERS, *REGRESSORS])
def test_estimators_behave_in_searches(estimator: Any, table: Any) -> None:
    X, y = table
    y = y if hasattr(estimator, "predict_proba") else X["size"] + X["age"]
    model = _of_two(estimator)
    before = X.copy()
    scores = cross_val_score(model, X, y, cv=2)
    assert np.isfinite(scores).all()
    grid = {"left__with_mean": [True, False], "random_state": [1]}
    search = GridSearchCV(model, grid, cv=2).fit(X, y)
    assert search.best_estimator_.n_features_in_ == X.shape[1]
    assert list(search.best_estimator_.feature_names_in_) == list(X.columns)
    pd.testing.assert_frame_equal(X, before)


@pytest.mark.parametrize("estimator", [*CLASSIFIERS, *REGRESSORS])
def test_a_second_fit_forgets_the_first(estimator: Any, table: Any) -> None:
    X, y = table
    y = y if hasattr(estimator, "predict_proba") else X["size"].to_numpy()
    model = _of_two(estimator).fit(X[:50], y[:50])
    again = model.fit(X, y).predict(X)
    fresh = clone(model).fit(X, y).predict(X)
    assert (again == fresh).all()
