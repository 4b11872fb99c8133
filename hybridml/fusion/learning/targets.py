"""What is predicted of the rows, in the form that heads and combinations take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hybridml._labels import (
    check_label_table,
    check_labels,
    check_numbers,
    is_label_table,
)
from hybridml.heads.catalogue import Task

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Targets:
    """The targets of some rows.

    Attributes
    ----------
    task : {"classification", "multilabel", "regression"}
    values : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        Codes of classes from 0, tables of 0 and 1, or numbers (always two axes).
    classes : ndarray of shape (n_classes,) or None
        What the codes stand for.
    is_flat : bool
        Whether the predictions have one axis.
    """

    task: Task
    values: npt.NDArray[Any]
    classes: npt.NDArray[Any] | None = None
    is_flat: bool = True

    @property
    def n_outputs(self) -> int:
        """Classes, labels or numbers that are predicted of a row."""
        if self.classes is not None:
            return len(self.classes)
        return int(self.values.shape[1])

    @property
    def strata(self) -> npt.NDArray[np.intp]:
        """Groups of like rows, for folds in which all of them occur."""
        if self.task == "classification":
            return self.values
        if self.task == "multilabel":
            _, codes = np.unique(self.values, axis=0, return_inverse=True)
            return codes.ravel()
        order = np.argsort(np.argsort(self.values[:, 0], kind="stable"))
        return order * 10 // len(order)

    def prior(self) -> Floats:
        """Guess, without knowing anything of a row: an array of shape (n_outputs,)."""
        if self.task == "classification":
            counts = np.bincount(self.values, minlength=self.n_outputs)
            return np.asarray(counts / counts.sum())
        return np.asarray(self.values.mean(axis=0), dtype=np.float64)

    def take(self, rows: npt.NDArray[np.intp]) -> Targets:
        """Take rows by position."""
        return Targets(self.task, self.values[rows], self.classes, self.is_flat)

    def for_heads(self) -> npt.NDArray[Any]:
        """Return them as a head is fitted to them: classes by their own names."""
        if self.classes is not None:
            return np.asarray(self.classes[self.values])
        if self.task == "regression" and self.n_outputs == 1:
            return self.values[:, 0]
        return self.values

    def predictions(self, outputs: Floats) -> npt.NDArray[Any]:
        """Turn outputs, of shape (n_rows, n_outputs), into what `predict` gives."""
        if self.task == "multilabel":
            return (outputs > 0.5).astype(int)
        if self.classes is not None:
            return np.asarray(self.classes[outputs.argmax(axis=1)])
        return outputs[:, 0] if self.is_flat else outputs

    def empty(self) -> Targets:
        """Forget the rows, and keep what they mean."""
        return self.take(np.arange(0))


def class_targets(y: Any, n_rows: int) -> Targets:
    """Check classes, or a table of labels, and bring them into form.

    Raises
    ------
    DataError
        If they are absent, too few, missing, or of one class only.
    """
    if is_label_table(y):
        return Targets("multilabel", check_label_table(y, n_rows).astype(int))
    classes, codes = np.unique(check_labels(y, n_rows), return_inverse=True)
    return Targets("classification", codes, classes)


def number_targets(y: Any, n_rows: int) -> Targets:
    """Check the numbers of a regression and bring them into form.

    Raises
    ------
    DataError
        If they are absent, too few, missing or infinite.
    """
    numbers = check_numbers(y, n_rows)
    is_flat = numbers.ndim == 1
    return Targets("regression", numbers.reshape(len(numbers), -1), is_flat=is_flat)
