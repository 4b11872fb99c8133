from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hybridml.comparing.tasks import check_targets, default_scoring, find_task
from hybridml.exceptions import DataError, InvalidParameterError


@pytest.mark.parametrize(
    ("y", "task"),
    [
        (["a", "b"], "classification"),
        ([0, 1, 2], "classification"),
        ([0.0, 1.0], "classification"),
        ([True, False], "classification"),
        ([["a"], ["b"]], "classification"),
        ([0.0, 0.5], "regression"),
        (np.array([0.5, np.nan]), "regression"),
        ([[1, 0], [0, 0]], "multilabel"),
        ([[True, False], [True, True]], "multilabel"),
        ([[1, 2], [0, 0]], "regression"),
    ],
)
def test_task_is_told_from_the_targets(y: Any, task: str) -> None:
    assert find_task(y) == task


def test_task_that_is_said_counts() -> None:
    assert find_task([3, 4, 5], "regression") == "regression"


def test_unknown_task_is_refused() -> None:
    with pytest.raises(InvalidParameterError, match="Got task='rank'; expected 'auto'"):
        find_task([1, 2], "rank")


def test_targets_of_a_regression_are_numbers() -> None:
    found = check_targets([3, 4], 2, "regression")
    assert found.dtype == np.float64
    with pytest.raises(DataError, match="missing or infinite"):
        check_targets([3, np.nan], 2, "regression")


def test_labels_of_a_multilabel_task_are_true_or_false() -> None:
    assert check_targets([[1, 0], [1, 1]], 2, "multilabel").dtype == np.bool_


def test_classes_need_their_fewest_images() -> None:
    with pytest.raises(DataError, match="b \\(1\\)"):
        check_targets(["a", "a", "b"], 3, "classification", min_per_class=2)


def test_counts_taken_for_classes_are_told_the_cure() -> None:
    with pytest.raises(DataError, match="Then say task='regression'"):
        check_targets([12, 17, 17, 30, 31], 5, "classification", min_per_class=2)
    labels = ["a"] * 9 + ["b"]
    with pytest.raises(DataError, match=r"leave these classes out\.$"):
        check_targets(labels, 10, "classification", min_per_class=2)


@pytest.mark.parametrize(
    ("task", "scoring"),
    [("classification", "accuracy"), ("multilabel", "f1_macro"), ("regression", "r2")],
)
def test_every_task_has_a_score(task: Any, scoring: str) -> None:
    assert default_scoring(task) == scoring
