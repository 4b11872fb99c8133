"""What is predicted of the images: a class, several labels, or numbers."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from hybridml._checks import describe, list_names
from hybridml._labels import (
    check_label_table,
    check_labels,
    check_numbers,
    is_label_table,
)
from hybridml.exceptions import DataError, InvalidParameterError

Task = Literal["classification", "multilabel", "regression"]

_DEFAULT_SCORING: dict[Task, str] = {
    "classification": "accuracy",
    "multilabel": "f1_macro",
    "regression": "r2",
}


def find_task(y: Any, task: str = "auto") -> Task:
    """Tell from the targets what is predicted, unless it is said.

    Parameters
    ----------
    y : array-like of shape (n_images,) or (n_images, n_labels)
    task : {"auto", "classification", "multilabel", "regression"}, default="auto"
        "auto": numbers of which one has a fraction are a regression; a table of several
        columns is multi-label where all of it is 0 or 1, and else a regression;
        everything else is a classification. Counts have to be called a regression.

    Returns
    -------
    task : {"classification", "multilabel", "regression"}

    Raises
    ------
    InvalidParameterError
        If `task` is none of these.

    Examples
    --------
    >>> find_task(["cat", "dog"]), find_task([0.5, 2.0]), find_task([[1, 0], [1, 1]])
    ('classification', 'regression', 'multilabel')
    """
    if task != "auto":
        if task not in get_args(Task):
            expected = list_names(["auto", *get_args(Task)])
            raise InvalidParameterError(describe("task", task, expected))
        return task  # type: ignore[return-value]
    values = np.asarray(y, dtype=object)
    if is_label_table(y):
        return "multilabel" if np.isin(values, (0, 1)).all() else "regression"
    has_fraction = any(_has_fraction(value) for value in values.ravel())
    return "regression" if has_fraction else "classification"


def check_targets(
    y: Any, n_images: int, task: Task, *, min_per_class: int = 1
) -> npt.NDArray[Any]:
    """Check the targets of a task and return them as an array.

    Parameters
    ----------
    y : array-like of shape (n_images,) or (n_images, n_labels)
    n_images : int
    task : {"classification", "multilabel", "regression"}
    min_per_class : int, default=1
        Fewest images that a class may have.

    Returns
    -------
    targets : ndarray of shape (n_images,) or (n_images, n_labels)
        Classes as they are, labels as bool, numbers as float64.

    Raises
    ------
    DataError
        If they do not suit the task, or the images' number.
    """
    if task == "classification":
        try:
            return check_labels(y, n_images, min_per_class=min_per_class)
        except DataError as exc:
            if not _may_be_counts(y):
                raise
            hint = "Are these counts or measurements? Then say task='regression'."
            raise DataError(f"{exc} {hint}") from exc
    if task == "multilabel":
        return check_label_table(y, n_images)
    return check_numbers(y, n_images)


def default_scoring(task: Task) -> str:
    """Name the score of a task: accuracy, f1_macro or r2."""
    return _DEFAULT_SCORING[task]


def _may_be_counts(y: Any) -> bool:
    """Whether these are numbers of which there are many different ones."""
    values = np.asarray(y)
    if values.dtype.kind not in "iuf" or values.ndim != 1:
        return False
    return len(np.unique(values)) > len(values) / 10


def _has_fraction(value: object) -> bool:
    if not isinstance(value, float | np.floating) or not np.isfinite(value):
        return False
    return float(value) != round(float(value))
