from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from hybridml.models.stand_ins.table import Table

TABLES = {
    "plain": pd.DataFrame({"a": [1, 2], "b": [0.5, np.nan], "c": ["x", None]}),
    "empty": pd.DataFrame({"a": pd.Series([], dtype="int64")}),
    "no columns": pd.DataFrame(index=pd.RangeIndex(3)),
    "named rows": pd.DataFrame({"a": [True, False]}, index=pd.Index(["u", "v"])),
    "rows with a name": pd.DataFrame({1: [1.5]}, index=pd.Index([7], name="epoch")),
    "levels": pd.DataFrame(
        [[1, 2]], columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)])
    ),
    "nullable": pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}),
}


@pytest.mark.parametrize("name", TABLES)
def test_table_comes_back(name: str) -> None:
    before = TABLES[name]
    pd.testing.assert_frame_equal(Table.of(before).restore({}), before)


def test_series_comes_back() -> None:
    before = pd.Series([1.0, 2.0], index=["a", "b"], name="score")
    pd.testing.assert_series_equal(Table.of(before).restore({}), before)


def test_stand_in_of_plain_values_is_json() -> None:
    stand_in = Table.of(TABLES["named rows"])
    assert json.loads(json.dumps(vars(stand_in)))["columns"] == ["a"]
