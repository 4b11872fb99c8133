"""Intermediate fusion of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from hybridml import IntermediateFusionRegressor

NUMBERS = [("a", StandardScaler(), ["size"]), ("b", StandardScaler(), ["age"])]
OPTIONS: dict[str, Any] = {
    "width": 16,
    "epochs": 80,
    "dropout": 0.0,
    "input_dropout": 0.0,
    "device": "cpu",
}


def test_numbers_are_learned_on_their_own_scale(table: Any) -> None:
    X, _ = table
    y = 1000 + 100 * X["size"] + 50 * X["age"]
    model = IntermediateFusionRegressor(NUMBERS, **OPTIONS).fit(X, y)
    assert model.score(X, y) > 0.8
    assert model.predict(X).shape == (90,)


def test_several_numbers(table: Any) -> None:
    X, _ = table
    y = X[["size", "age"]].to_numpy()
    model = IntermediateFusionRegressor(NUMBERS, **OPTIONS).fit(X, y)
    assert model.predict(X).shape == (90, 2)
    assert model.score(X, y) > 0.8


def test_a_row_that_lacks_everything_gets_the_mean(table: Any) -> None:
    X, _ = table
    y = np.arange(90.0)
    model = IntermediateFusionRegressor(NUMBERS, **{**OPTIONS, "epochs": 2}).fit(X, y)
    nothing = X.iloc[[0]].assign(size=np.nan, age=np.nan)
    assert model.predict(nothing) == pytest.approx([44.5])
