"""What every score asks of its features, its targets and its task."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hybridml._checks import describe
from hybridml._labels import check_labels
from hybridml.comparing.tasks import Task, check_targets, find_task
from hybridml.exceptions import DataError, InvalidParameterError

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]


def check_features(features: Any) -> Floats:
    """Check stored features and return them in double precision.

    Parameters
    ----------
    features : array-like of shape (n_images, n_features)

    Returns
    -------
    values : ndarray of shape (n_images, n_features), float64

    Raises
    ------
    DataError
        If they are no table of finite numbers with at least two rows and one column.

    Examples
    --------
    >>> check_features([[1], [2]])
    array([[1.],
           [2.]])
    """
    try:
        values = np.asarray(features, dtype=np.float64)
    except (TypeError, ValueError) as exc:
        raise DataError(f"Got features that are no numbers ({exc}).") from exc
    if values.ndim != 2 or len(values) < 2 or not values.shape[1]:
        raise DataError(
            f"Got features of shape {values.shape}; expected (n_images, n_features) "
            "with at least two images and one feature."
        )
    n_bad = int((~np.isfinite(values)).any(axis=1).sum())
    if n_bad:
        raise DataError(
            f"{n_bad} of {len(values)} rows of features are missing or infinite. "
            "Drop those images."
        )
    return values


def check_classes(labels: Any, n_images: int) -> Codes:
    """Check the labels of a classification and number the classes from 0.

    Parameters
    ----------
    labels : array-like of shape (n_images,)
    n_images : int

    Returns
    -------
    codes : ndarray of shape (n_images,), int

    Raises
    ------
    DataError
        If they are no labels, or all the same.
    """
    checked = check_labels(labels, n_images)
    return np.unique(checked, return_inverse=True)[1].astype(np.intp)


def check_task(targets: Any, task: str, n_images: int) -> tuple[Task, npt.NDArray[Any]]:
    """Tell the task, and check the targets for it.

    Parameters
    ----------
    targets : array-like of shape (n_images,) or (n_images, n_targets)
    task : {"auto", "classification", "multilabel", "regression"}
    n_images : int

    Returns
    -------
    task : {"classification", "multilabel", "regression"}
    targets : ndarray of shape (n_images,) or (n_images, n_targets)
        Classes as numbers from 0, labels as 0 and 1, numbers as float64.

    Raises
    ------
    DataError
        If they do not suit the task or the images, or are all the same.
    InvalidParameterError
        If there is no such task.
    """
    found = find_task(targets, task)
    if found == "classification":
        return found, check_classes(targets, n_images)
    checked = check_targets(targets, n_images, found)
    if found == "multilabel" and (checked.ndim != 2 or checked.shape[1] < 2):
        raise DataError(
            f"Got targets of shape {checked.shape} for task='multilabel'; expected a "
            "column for each of several labels."
        )
    if (checked == checked[:1]).all():
        raise DataError("All the images have the same targets: nothing is predicted.")
    # scikit-learn's RidgeClassifier takes every label for present if they are bool.
    return found, checked.astype(np.intp) if found == "multilabel" else checked


def target_columns(targets: npt.NDArray[Any], task: Task) -> Floats:
    """Put targets into columns of numbers: classes one-hot, all else as it is.

    Columns that are the same for all images are left out.

    Parameters
    ----------
    targets : ndarray of shape (n_images,) or (n_images, n_targets)
        As `check_task` gives them.
    task : {"classification", "multilabel", "regression"}

    Returns
    -------
    columns : ndarray of shape (n_images, n_columns), float64
    """
    if task == "classification":
        return np.asarray(np.eye(int(targets.max()) + 1)[targets])
    columns = targets.reshape(len(targets), -1).astype(np.float64)
    return np.asarray(columns[:, (columns != columns[0]).any(axis=0)])


def check_positive(name: str, value: float) -> None:
    """Raise `InvalidParameterError` unless `value` is a number above zero."""
    is_number = isinstance(value, int | float | np.number) and value is not True
    if not is_number or not 0 < float(value) < float("inf"):
        raise InvalidParameterError(describe(name, value, "a number above 0"))
