"""Early fusion of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from hybridml.exceptions import DataError
from hybridml.fusion import EarlyFusionRegressor

NUMBERS = [("a", StandardScaler(), ["size"]), ("b", StandardScaler(), ["age"])]


@pytest.mark.parametrize("head", ["auto", "ridge", "rbf_svm", "xgboost"])
def test_numbers_are_learned(head: str, table: Any) -> None:
    X, _ = table
    y = 100 * X["size"] + 50 * X["age"]
    model = EarlyFusionRegressor(NUMBERS, head=head).fit(X, y)
    assert model.score(X, y) > 0.9
    assert model.predict(X).shape == (90,)


def test_several_numbers(table: Any) -> None:
    X, _ = table
    y = X[["size", "age"]].to_numpy()
    model = EarlyFusionRegressor(NUMBERS, head="ridge").fit(X, y)
    assert model.predict(X).shape == (90, 2)
    assert model.score(X, y) > 0.95


def test_a_row_that_lacks_everything_gets_the_mean(table: Any) -> None:
    X, _ = table
    y = np.arange(90.0)
    model = EarlyFusionRegressor(NUMBERS, head="ridge").fit(X, y)
    nothing = X.iloc[[0]].assign(size=np.nan, age=np.nan)
    assert model.predict(nothing) == pytest.approx([44.5])


def test_missing_numbers_are_refused(table: Any) -> None:
    X, _ = table
    with pytest.raises(DataError, match="missing or infinite"):
        EarlyFusionRegressor(NUMBERS).fit(X, [np.nan] * 90)
