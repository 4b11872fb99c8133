"""Tables, their columns and their gaps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.compose import make_column_selector

from hybridml.exceptions import DataError
from hybridml.fusion.modalities.frame import (
    as_frame,
    find_missing,
    resolve_columns,
    take_columns,
)

FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [0.5, 1.5]})


@pytest.mark.parametrize(
    ("columns", "names"),
    [
        ("b", "b"),
        (1, "b"),
        (-1, "c"),
        (["a", "c"], ["a", "c"]),
        ([0, 2], ["a", "c"]),
        ([True, False, True], ["a", "c"]),
        (np.array([True, False, True]), ["a", "c"]),
        (slice(1, None), ["b", "c"]),
        (slice("a", "b"), ["a", "b"]),
        (make_column_selector(dtype_include=np.number), ["a", "c"]),
        (pd.Index(["a", "c"]).to_numpy(), ["a", "c"]),
    ],
)
def test_columns_are_resolved_as_a_column_transformer_does(
    columns: Any, names: Any
) -> None:
    assert resolve_columns(FRAME, columns, "m") == names


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ("bb", "no column 'bb' for modality 'm'. Did you mean 'b'"),
        ("season", "It has 'a', 'b' or 'c'"),
        (3, "no column 3"),
        ([], "has no columns"),
        (slice(3, None), "has no columns"),
        (slice("x", "z"), "has no columns: slice"),
        ([True], "mask of 1 columns"),
    ],
)
def test_columns_that_are_not_there_are_named(columns: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        resolve_columns(FRAME, columns, "m")


def test_a_column_that_is_gone_is_named() -> None:
    with pytest.raises(DataError, match="lacks the column 'd' of modality 'm'"):
        take_columns(FRAME, ["a", "d"], "m")


def test_gaps_of_all_kinds_are_found() -> None:
    nothing = [None, float("nan"), pd.NA, pd.NaT, "", "  ", b""]
    something = ["x", 0, False, b"x", np.zeros(3), 0.0]
    values = pd.Series([*nothing, *something], dtype=object)
    expected = [True] * len(nothing) + [False] * len(something)
    assert find_missing(values).tolist() == expected


def test_a_row_misses_a_table_only_where_all_of_it_is_empty() -> None:
    frame = pd.DataFrame({"a": [1.0, np.nan, np.nan], "b": ["", "x", None]})
    assert find_missing(frame).tolist() == [False, False, True]


def test_an_array_becomes_a_table() -> None:
    assert list(as_frame(np.zeros((2, 3))).columns) == [0, 1, 2]


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (csr_array(np.eye(2)), "sparse"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "more than one column called 'a'"),
        (np.zeros(3), "2D array"),
    ],
)
def test_what_is_no_table_is_refused(X: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        as_frame(X)
