"""What is learned from the features of all layers: classes, or numbers."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from hybridml.heads.making import head_grid, make_head
from hybridml.transfer.all_layers.choosing import Task
from hybridml.transfer.all_layers.group_lasso import standardised

Kind = Literal["classification", "regression"]


def make_task(kind: Kind, random_state: int) -> Task:
    """Say by what features are ranked, and which head learns from them.

    Classes are ranked by a multinomial group lasso and told apart by a logistic
    regression; numbers by one of squares, each number standardised, and a ridge.
    """
    if kind == "regression":
        head = make_head("ridge", task="regression", random_state=random_state)
        grid = head_grid("ridge", "regression")
        return Task("squared", _standard_columns, head, grid)
    head = make_head("logistic", random_state=random_state)
    return Task("multinomial", _one_column_a_class, head, head_grid("logistic"))


def _one_column_a_class(labels: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    return np.asarray(labels[:, None] == np.unique(labels), dtype=np.float64)


def _standard_columns(numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(standardised(numbers.reshape(len(numbers), -1)))
