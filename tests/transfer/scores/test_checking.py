"""Targets are brought into the one form that scores work on."""

from __future__ import annotations

import numpy as np
import pytest

from hybridml.exceptions import DataError
from hybridml.transfer.scores.checking import check_task, target_columns


def test_classes_are_numbered_in_the_order_of_their_names() -> None:
    task, codes = check_task(["dog", "ant", "dog"], "auto", 3)
    assert (task, codes.tolist()) == ("classification", [1, 0, 1])


def test_labels_are_0_and_1_whatever_they_came_as() -> None:
    task, table = check_task(np.array([[True, False], [True, True]]), "auto", 2)
    assert (task, table.tolist()) == ("multilabel", [[1, 0], [1, 1]])
    assert table.dtype.kind == "i"


@pytest.mark.parametrize("targets", [[1, 0, 1], [[1], [0], [1]]])
def test_one_label_is_no_table_of_several(targets: object) -> None:
    with pytest.raises(DataError, match="for task='multilabel'; expected a column"):
        check_task(targets, "multilabel", 3)


def test_columns_that_do_not_vary_are_left_out() -> None:
    columns = target_columns(np.array([[1.0, 2.0], [1.0, 3.0]]), "regression")
    assert columns.tolist() == [[2.0], [3.0]]


def test_classes_become_columns_of_0_and_1() -> None:
    columns = target_columns(np.array([1, 0]), "classification")
    assert columns.tolist() == [[0.0, 1.0], [1.0, 0.0]]
