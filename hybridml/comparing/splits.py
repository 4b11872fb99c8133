"""The folds of a comparison: made once, the same for every case."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedKFold, check_cv

from hybridml._checks import describe, is_count
from hybridml._labels import check_class_sizes
from hybridml.comparing.label_folds import bin_numbers, spread_labels
from hybridml.comparing.tasks import Task
from hybridml.exceptions import DataError, InvalidParameterError

Fold = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]

_MIN_TEST = 2  # R squared compares with the mean of the test images
_EXPECTED = "at least 2 folds, a splitter, or pairs of (train, test) positions"


def stratified_folds(
    labels: npt.NDArray[Any], n_folds: int, random_state: int
) -> StratifiedKFold:
    """Shuffled stratified folds, no more than the smallest class has images."""
    smallest = int(np.unique(labels, return_counts=True)[1].min())
    n_possible = max(2, min(n_folds, smallest))
    return StratifiedKFold(n_possible, shuffle=True, random_state=random_state)


def inner_folds(
    targets: npt.NDArray[Any],
    n_folds: int,
    random_state: int,
    task: Task = "classification",
) -> list[Fold]:
    """Make shuffled folds inside a training part; fewer where images are few.

    Classes are stratified, and so are numbers, by bins of equal size, and labels, by
    iterative stratification.

    Parameters
    ----------
    targets : ndarray of shape (n_images,) or (n_images, n_targets)
    n_folds : int
        At most; not more than the smallest class has images, nor, but for classes, so
        many that a test part has fewer than two images.
    random_state : int
    task : {"classification", "multilabel", "regression"}, default="classification"

    Returns
    -------
    folds : list of (train, test)
        Positions.

    Raises
    ------
    DataError
        If there are fewer than four images with labels or numbers.
    """
    if task == "classification":
        splitter = stratified_folds(targets, n_folds, random_state)
        return list(splitter.split(np.zeros(len(targets)), targets))
    n_possible = max(2, min(n_folds, len(targets) // _MIN_TEST))
    return _spread_folds(targets, n_possible, random_state, task)


def make_folds(
    targets: npt.NDArray[Any],
    cv: Any,
    random_state: int,
    task: Task = "classification",
) -> list[Fold]:
    """Make the folds of a comparison.

    Parameters
    ----------
    targets : ndarray of shape (n_images,) or (n_images, n_targets)
    cv : int, splitter or iterable of (train, test)
        A number means shuffled folds, stratified as `inner_folds` are; train and test
        are positions or masks.
    random_state : int
    task : {"classification", "multilabel", "regression"}, default="classification"

    Returns
    -------
    folds : list of (train, test)
        Positions.

    Raises
    ------
    DataError
        If a class has too few images, in all or in the training part of a fold; or
        there is but one class, label or number to learn from; or a regression has
        fewer than two images to be tested on.
    InvalidParameterError
        If `cv` is none of these, or a training and a test part share images.
    """
    if is_count(cv, minimum=2):
        cv = _numbered_folds(targets, int(cv), random_state, task)
    elif cv is None or isinstance(cv, str | numbers.Number):
        raise InvalidParameterError(describe("cv", cv, _EXPECTED))
    try:
        splitter = check_cv(cv, targets, classifier=True)
        parts = list(splitter.split(np.zeros(len(targets)), targets))
        folds = [
            (_as_positions(train, len(targets)), _as_positions(test, len(targets)))
            for train, test in parts
        ]
    except (TypeError, ValueError, IndexError) as exc:
        message = f"Got cv of type {type(cv).__name__}; expected {_EXPECTED} ({exc})."
        raise InvalidParameterError(message) from exc
    if not folds:
        raise InvalidParameterError(describe("cv", cv, "at least one fold"))
    for number, (train, test) in enumerate(folds):
        name = f"Fold {number + 1}"
        _check_parts(name, train, test)
        _check_targets(name, targets[train], len(test), task)
    return folds


def _numbered_folds(
    targets: npt.NDArray[Any], n_folds: int, random_state: int, task: Task
) -> list[Fold]:
    if task != "classification":
        return _spread_folds(targets, n_folds, random_state, task)
    cure = "Add images, leave these classes out, or ask for fewer folds."
    check_class_sizes(targets, n_folds, f"{n_folds} folds need", cure=cure)
    return inner_folds(targets, n_folds, random_state)


def _spread_folds(
    targets: npt.NDArray[Any], n_folds: int, random_state: int, task: Task
) -> list[Fold]:
    """Share labels or numbers out to folds of two images or more."""
    n_images, n_needed = len(targets), _MIN_TEST * n_folds
    if n_images < n_needed:
        raise DataError(
            f"{n_folds} folds need at least {n_needed} images; got {n_images}. Add "
            "images, or ask for fewer folds."
        )
    if task == "multilabel":
        fold = spread_labels(targets, n_folds, random_state)
        numbers = range(n_folds)
        return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in numbers]
    splitter = StratifiedKFold(n_folds, shuffle=True, random_state=random_state)
    return list(splitter.split(np.zeros(n_images), bin_numbers(targets, n_folds)))


def _as_positions(part: Any, n_images: int) -> npt.NDArray[np.intp]:
    chosen = np.asarray(part)
    positions = np.arange(n_images)[chosen if chosen.size else []]
    if positions.ndim != 1:
        raise ValueError(f"a part of shape {positions.shape}")
    return positions


def _check_parts(
    name: str, train: npt.NDArray[np.intp], test: npt.NDArray[np.intp]
) -> None:
    if not len(train) or not len(test):
        raise InvalidParameterError(
            f"{name} of cv has {len(train)} training and {len(test)} test images; "
            "expected some of each."
        )
    n_shared = len(np.intersect1d(train, test))
    if n_shared:
        raise InvalidParameterError(
            f"{name} of cv has {n_shared} images both to learn from and to be tested "
            "on; expected none."
        )


def _check_targets(
    name: str, learned: npt.NDArray[Any], n_test: int, task: Task
) -> None:
    """Check what a fold learns from, and that what it is tested on can be scored."""
    one = {"classification": "one class", "regression": "one number"}
    if (learned == learned[0]).all():
        expected = one.get(task, "labels that all its images have, or none,")
        raise DataError(f"{name} of cv has only {expected} to learn from.")
    if task == "classification":
        check_class_sizes(learned, 2, f"The training part of {name.lower()} needs")
    elif task == "regression" and n_test < _MIN_TEST:
        raise DataError(
            f"{name} of cv has {n_test} test image; expected at least {_MIN_TEST}: R "
            "squared compares with their mean."
        )
