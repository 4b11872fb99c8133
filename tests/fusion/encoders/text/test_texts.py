"""Whatever holds texts becomes lists of strings, by column."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from hybridml.exceptions import DataError
from hybridml.fusion.encoders.text.texts import as_texts, match_texts

TEXTS = ["red shoe", None, "blue"]


@pytest.mark.parametrize(
    "container",
    [
        list,
        tuple,
        lambda x: np.array(x, dtype=object),
        lambda x: np.array(x, dtype=object)[:, np.newaxis],
        lambda x: pd.Series(x, index=[5, 3, 1]),
        lambda x: pd.Series(x, name="x0", dtype=object),
        lambda x: pd.Index(x),
        lambda x: pd.Series(x, name="x0", dtype="category"),
        lambda x: pd.Series(x, name="x0").array,
    ],
)
def test_every_container_gives_the_same_texts(container: Any) -> None:
    assert as_texts(container(TEXTS)) == {"x0": ["red shoe", "", "blue"]}


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT])
def test_missing_texts_are_empty(missing: Any) -> None:
    assert as_texts(["a", missing]) == {"x0": ["a", ""]}


def test_columns_keep_their_names() -> None:
    table = pd.DataFrame({"title": ["a", "b"], 7: ["c", None]})
    assert as_texts(table) == {"title": ["a", "b"], 7: ["c", ""]}
    assert as_texts(table["title"]) == {"title": ["a", "b"]}
    assert as_texts(table.to_numpy(dtype=object)) == {
        "x0": ["a", "b"],
        "x1": ["c", ""],
    }


def test_numpy_strings_become_plain_ones() -> None:
    (texts,) = as_texts(np.array(["a", "b"])).values()
    assert {type(text) for text in texts} == {str}


@pytest.mark.parametrize("single", ["red shoe", b"red", 3, None, {"a": 1}])
def test_what_is_no_sequence_of_texts_is_refused(single: Any) -> None:
    with pytest.raises(TypeError, match=r"Got X.*; expected a sequence of strings"):
        as_texts(single)


def test_number_among_texts_is_named() -> None:
    with pytest.raises(
        TypeError, match=r"Got 3 of type int in row 1 of 'title'; .*X\.astype\(str\)"
    ):
        as_texts(pd.DataFrame({"title": ["a", 3]}))


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([], r"texts of 0 row\(s\) and 1 column"),
        (pd.DataFrame({"a": []}), r"texts of 0 row\(s\) and 1 column"),
        (pd.DataFrame(index=[1, 2]), r"texts of 2 row\(s\) and 0 column"),
        (np.zeros((2, 2, 2)), r"Got X of shape \(2, 2, 2\)"),
        (pd.DataFrame([["a", "b"]], columns=["t", "t"]), r"the column 't' twice"),
    ],
)
def test_unusable_tables_are_refused(X: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        as_texts(X)


def test_columns_are_matched_by_name_where_there_are_names() -> None:
    table = pd.DataFrame({"extra": ["e"], "b": ["2"], "a": ["1"]})
    matched = match_texts(table, ["a", "b"], by_name=True)
    assert list(matched.items()) == [("a", ["1"]), ("b", ["2"])]
    by_place = match_texts(np.array([["1", "2"]]), ["a", "b"], by_name=True)
    assert by_place == matched


def test_missing_columns_are_named() -> None:
    table = pd.DataFrame({"b": ["2"]})
    with pytest.raises(DataError, match=r"without the column\(s\) 'a', 'c'; expected"):
        match_texts(table, ["a", "b", "c"], by_name=True)
    with pytest.raises(DataError, match=r"1 column\(s\) of texts; expected 3"):
        match_texts(["2"], ["a", "b", "c"], by_name=True)
