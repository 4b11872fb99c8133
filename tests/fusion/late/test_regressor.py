"""Late fusion of numbers."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.preprocessing import StandardScaler

from hybridml.exceptions import InvalidParameterError
from hybridml.fusion import LateFusionRegressor

NUMBERS = [("a", StandardScaler(), ["size"]), ("b", StandardScaler(), ["age"])]


@pytest.mark.parametrize("combine", ["mean", "weighted", "stack"])
def test_numbers_are_learned(combine: str, table: Any) -> None:
    X, _ = table
    y = X["size"] + X["age"]
    model = LateFusionRegressor(NUMBERS, combine=combine, head="ridge").fit(X, y)
    assert model.score(X, y) > (0.95 if combine == "stack" else 0.5)


def test_weights_prefer_what_knows_more(table: Any) -> None:
    X, _ = table
    model = LateFusionRegressor(NUMBERS, combine="weighted", head="ridge")
    model.fit(X, X["size"])
    assert model.weights_["a"] > 0.95
    assert sum(model.weights_.values()) == pytest.approx(1)


def test_several_numbers_and_regressors_of_ones_own(table: Any) -> None:
    X, _ = table
    y = X[["size", "age"]].to_numpy()
    forest = RandomForestRegressor(10, random_state=0)
    model = LateFusionRegressor([*NUMBERS, ("c", forest, ["noise"])], head="ridge")
    assert model.fit(X, y).predict(X).shape == (90, 2)
    assert model.score(X, y) > 0.8


def test_rules_for_classes_are_refused(table: Any) -> None:
    X, _ = table
    with pytest.raises(InvalidParameterError, match="'weighted' or 'stack'"):
        LateFusionRegressor(NUMBERS, combine="vote").fit(X, X["size"])
