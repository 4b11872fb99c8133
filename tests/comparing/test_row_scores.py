"""Accuracy is split up into rows whose mean is what scikit-learn says of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import accuracy_score, get_scorer, make_scorer

from hybridml.comparing.outputs import Outputs, score_outputs
from hybridml.comparing.row_scores import row_scores
from hybridml.comparing.tasks import Task

RANDOM = np.random.default_rng(0)
ACCURACY = get_scorer("accuracy")


def _classes(kind: Any) -> npt.NDArray[Any]:
    return np.array(kind)[RANDOM.integers(len(kind), size=37)]


def _labels() -> npt.NDArray[np.bool_]:
    return RANDOM.random((37, 2)) < 0.5


@pytest.mark.parametrize(
    ("said", "targets", "task"),
    [
        (_classes(["ant", "bee", "cat"]), _classes(["ant", "cat"]), "classification"),
        (_classes(["ant", "bee"]).astype(object), _classes(["bee"]), "classification"),
        (_classes([3, 7]), _classes([7, 3, 1]), "classification"),
        (_classes([True, False]), _classes([False, True]), "classification"),
        (_labels(), _labels(), "multilabel"),
        (_labels().astype(int), _labels(), "multilabel"),
    ],
    ids=["text", "objects", "numbers", "truth", "labels", "labels as numbers"],
)
def test_their_mean_over_any_rows_is_the_score_of_these(
    said: npt.NDArray[Any], targets: npt.NDArray[Any], task: Task
) -> None:
    classes = np.unique(said) if task == "classification" else None
    outputs = Outputs(said, classes=classes)
    rows = row_scores(ACCURACY, outputs, targets)
    assert rows is not None
    for n_drawn in (1, 7, 37, 37):
        drawn = RANDOM.integers(37, size=n_drawn)
        expected = score_outputs(ACCURACY, outputs, targets, task, drawn)
        assert rows[drawn].mean() == expected


@pytest.mark.parametrize(
    "scorer",
    [
        *map(get_scorer, ["balanced_accuracy", "neg_log_loss", "r2"]),
        make_scorer(accuracy_score, greater_is_better=False),
        make_scorer(accuracy_score, normalize=False),
    ],
)
def test_other_scores_are_not_split_up(scorer: Any) -> None:
    said = np.array([0, 1, 1])
    assert row_scores(scorer, Outputs(said), said) is None
