"""Layers stand side by side, each of length 1 for every image."""

from __future__ import annotations

import numpy as np

from hybridml.transfer.all_layers.layer_features import join_layers, unit_rows


def test_columns_know_where_they_come_from() -> None:
    rng = np.random.default_rng(0)
    stem, top = (rng.normal(size=(4, n)).astype(np.float32) for n in (2, 3))
    table, columns = join_layers([("stem", stem), ("top", 100 * top)])
    assert columns["cut_layer"].tolist() == ["stem"] * 2 + ["top"] * 3
    assert columns["feature"].tolist() == [0, 1, 0, 1, 2]
    assert table.dtype == np.float32
    np.testing.assert_allclose((table[:, :2] ** 2).sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(table[:, 2:], unit_rows(top), rtol=1e-6)


def test_row_does_not_depend_on_the_others() -> None:
    rows = np.random.default_rng(0).normal(size=(9, 5)).astype(np.float32)
    np.testing.assert_array_equal(unit_rows(rows)[3:4], unit_rows(rows[3:4]))


def test_row_of_zeros_stays() -> None:
    assert not unit_rows(np.zeros((2, 3), np.float32)).any()
