"""Rare categories are pooled, missing ones never."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from hybridml.fusion.encoders.table.category_encoder import CategoryEncoder

HUES = pd.DataFrame({"hue": ["red"] * 3 + ["blue"] * 2 + ["grey", None]})


def fit(table: pd.DataFrame = HUES, **changed: Any) -> CategoryEncoder:
    options = {"max_categories": 9, "min_frequency": 2}
    return CategoryEncoder(**options | changed).fit(table)


def columns(encoder: CategoryEncoder) -> list[str]:
    return [name.removeprefix("hue=") for name in encoder.get_feature_names_out()]


def test_values_in_too_few_rows_are_pooled() -> None:
    assert columns(fit()) == ["(missing)", "(other)", "blue", "red"]
    assert columns(fit(min_frequency=1)) == ["(missing)", "blue", "grey", "red"]
    assert columns(fit(min_frequency=3)) == ["(missing)", "(other)", "red"]


def test_pool_counts_as_a_category_and_missing_does_not() -> None:
    assert columns(fit(min_frequency=1, max_categories=3)) == columns(
        fit(min_frequency=1)
    )
    assert columns(fit(min_frequency=1, max_categories=2)) == [
        "(missing)",
        "(other)",
        "red",
    ]


def test_ties_do_not_depend_on_the_order_of_rows() -> None:
    table = pd.DataFrame({"hue": ["b", "a", "c"] * 2})
    for rows in (table, table[::-1]):
        assert columns(fit(rows, max_categories=2)) == ["(other)", "a"]


def test_each_row_has_one_category_at_most() -> None:
    features = fit().transform(pd.DataFrame({"hue": ["red", "new", None]}))
    assert features.dtype == np.float32
    assert features.tolist() == [[0, 0, 0, 1], [0, 1, 0, 0], [1, 0, 0, 0]]
    unmarked = fit(marks_missing=False).transform(HUES)
    assert unmarked.sum(axis=1).tolist() == [1, 1, 1, 1, 1, 1, 0]


def test_clone_and_pickle_agree() -> None:
    fitted = fit()
    for twin in (clone(fitted).fit(HUES), pickle.loads(pickle.dumps(fitted))):
        np.testing.assert_array_equal(twin.transform(HUES), fitted.transform(HUES))
