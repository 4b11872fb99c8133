"""Rows are known by the content of what is used of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from hybridml.fusion.comparing.digests import digest_rows


def test_equal_rows_have_equal_digests_whatever_their_index() -> None:
    frame = pd.DataFrame({"a": [1, 2, 1], "b": ["x", None, "x"]}, index=[5, 6, 7])
    first, second, third = digest_rows(frame, ["a", "b"], ())
    assert first == third != second
    assert digest_rows(frame[1:], ["a", "b"], ()) == [second, third]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["ab", "c"], ["a", "bc"]),
        ([1, None], [None, 1]),
        ([np.arange(3000), 0], [np.arange(3000)[::-1], 0]),
        ([pd.Timestamp(1), 0], [pd.Timestamp(2), 0]),
    ],
)
def test_different_cells_give_different_digests(
    one: list[object], other: list[object]
) -> None:
    rows = [pd.Series(cells, dtype=object) for cells in (one, other)]
    frame = pd.DataFrame({i: [row[i] for row in rows] for i in (0, 1)}, dtype=object)
    first, second = digest_rows(frame, [0, 1], ())
    assert first != second


def test_column_that_is_not_used_does_not_count() -> None:
    frame = pd.DataFrame({"a": [1, 1], "b": [2, 3]})
    first, second = digest_rows(frame, ["a"], ())
    assert first == second


def test_categories_and_dates_count_by_value() -> None:
    values = {
        "kind": ["x", "y", "x"],
        "day": ["2020-01-01", "2020-01-02", "2020-01-01"],
    }
    frame = pd.DataFrame(values).astype({"kind": "category", "day": "datetime64[ns]"})
    first, second, third = digest_rows(frame, ["kind", "day"], ())
    assert first == third != second
    wider = frame.assign(kind=frame["kind"].cat.add_categories(["a"]))
    assert digest_rows(wider, ["kind", "day"], ())[0] == first


def test_files_count_by_their_content(tmp_path: Path) -> None:
    for name, level in (("a.png", 9), ("b.png", 9), ("c.png", 10)):
        Image.new("RGB", (4, 4), (level,) * 3).save(tmp_path / name)
    paths = [str(tmp_path / name) for name in ("a.png", "b.png", "c.png", "gone.png")]
    frame = pd.DataFrame({"path": [*paths, None], "sound": [(1, [2.0])] * 5})
    digests = digest_rows(frame, ["path", "sound"], {"path", "sound"})
    assert digests[0] == digests[1]
    assert len(set(digests)) == 4
    by_name = digest_rows(frame, ["path"], ())
    assert by_name[0] != by_name[1]
