"""A column is read by what it holds."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hybridml.exceptions import DataError
from hybridml.fusion.encoders.table.columns import (
    as_labels,
    choose_reader,
    read_columns,
)


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (pd.Series([1, 2]), "number"),
        (pd.Series([1, None], dtype="Int64"), "number"),
        (pd.Series([1.5, None], dtype="float64[pyarrow]"), "number"),
        (pd.Series([1, None, 2.5], dtype=object), "number"),
        (pd.Series([Decimal("1.5"), None]), "number"),
        (pd.Series([np.nan, np.nan]), "number"),
        (pd.Series([True, False]), "category"),
        (pd.Series([True, None], dtype=object), "category"),
        (pd.Series(["1", "2"]), "category"),
        (pd.Series([1, 2, 2], dtype="category"), "category"),
        (pd.Series([None, None]), "category"),
        (pd.Series([1, "a"], dtype=object), "category"),
        (pd.Series(pd.period_range("2020-01", periods=2, freq="M")), "category"),
        (pd.Series([b"a", [1, 2]]), "category"),
        (pd.Series(pd.to_datetime(["2020-01-01"])), "date"),
        (pd.Series([dt.date(2020, 1, 1), None]), "date"),
        (pd.Series(["2020-01-01", None]), "date"),
        (pd.Series(pd.to_timedelta([1], unit="s")), "duration"),
        (pd.Series([dt.timedelta(1), None], dtype=object), "duration"),
    ],
)
def test_kind_of_a_column(column: pd.Series, kind: str) -> None:
    assert choose_reader(column).kind == kind


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (pd.Series([1, None], dtype="Int64"), [1.0, np.nan]),
        (pd.Series([Decimal("1.5"), None]), [1.5, np.nan]),
        (pd.Series([dt.timedelta(hours=1), None], dtype=object), [3600.0, np.nan]),
        (pd.Series(pd.to_timedelta(["1D", None])), [86400.0, np.nan]),
    ],
)
def test_numbers_and_durations_are_read_with_their_gaps(
    column: pd.Series, values: list[float]
) -> None:
    (read,) = choose_reader(column).read(column).values()
    assert read.dtype == np.float64
    np.testing.assert_array_equal(read, values)


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([2011, 2012.0, 2.5], ["2011", "2012", "2.5"]),
        ([True, None, "x"], ["True", None, "x"]),
        ([float("nan"), pd.NA, ""], [None, None, ""]),
        ([[1, 2], b"a", 1e300], ["[1, 2]", "b'a'", str(int(1e300))]),
    ],
)
def test_labels_are_strings_or_none(values: list[Any], labels: list[Any]) -> None:
    assert as_labels(pd.Series(values, dtype=object)).tolist() == labels


def test_labels_of_a_category_do_not_depend_on_how_it_is_stored() -> None:
    for dtype in ("int64", "float64", "Int64", "category", "int64[pyarrow]", "str"):
        labels = as_labels(pd.Series([3, 7]).astype(dtype))  # type: ignore[call-overload]
        assert labels.tolist() == ["3", "7"]


def test_plain_columns_are_named_after_their_source() -> None:
    table = pd.DataFrame(
        {"a": [1, 2], "t": pd.to_datetime(["2020-01-01", "2021-01-01"])}
    )
    readers = {name: choose_reader(table[name]) for name in table}
    plain = read_columns(table, readers)
    assert list(plain) == ["a", "t.year", "t.weekday", "t.total_days"]
    assert (plain.dtypes == np.float64).all()


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"t": pd.to_datetime(["2020-01-01", "2021-01-01"]), "t.year": 1}),
        pd.DataFrame([[1, 2]], columns=[3, "3"]),
    ],
)
def test_columns_of_the_same_features_are_refused(table: pd.DataFrame) -> None:
    readers = {name: choose_reader(table[name]) for name in table}
    with pytest.raises(DataError, match=r"give the features '(t\.year|3)'.*Rename"):
        read_columns(table, readers)


def test_text_among_numbers_is_named() -> None:
    reader = choose_reader(pd.Series([1.0]))
    with pytest.raises(DataError, match=r"Got 'x' in the column 'a'; expected numbers"):
        reader.read(pd.Series([1, None, "x"], name="a"))
