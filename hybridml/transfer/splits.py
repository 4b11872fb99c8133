"""The folds of a comparison: made once, the same for every case."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedKFold, check_cv

from hybridml._checks import describe, is_count
from hybridml._labels import check_class_sizes
from hybridml.exceptions import DataError, InvalidParameterError

Fold = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]

_EXPECTED = "at least 2 folds, a splitter, or pairs of (train, test) positions"


def stratified_folds(
    labels: npt.NDArray[Any], n_folds: int, random_state: int
) -> StratifiedKFold:
    """Shuffled stratified folds, no more than the smallest class has images."""
    smallest = int(np.unique(labels, return_counts=True)[1].min())
    n_possible = max(2, min(n_folds, smallest))
    return StratifiedKFold(n_possible, shuffle=True, random_state=random_state)


def make_folds(labels: npt.NDArray[Any], cv: Any, random_state: int) -> list[Fold]:
    """Make the folds of a comparison.

    Parameters
    ----------
    labels : ndarray of shape (n_images,)
    cv : int, splitter or iterable of (train, test)
        A number means shuffled stratified folds; train and test are positions or masks.
    random_state : int

    Returns
    -------
    folds : list of (train, test)
        Positions.

    Raises
    ------
    DataError
        If a class has too few images, in all or in the training part of a fold.
    InvalidParameterError
        If `cv` is none of these, or a training and a test part share images.
    """
    if is_count(cv, minimum=2):
        cure = "Add images, leave these classes out, or ask for fewer folds."
        check_class_sizes(labels, int(cv), f"{cv} folds need", cure=cure)
        cv = stratified_folds(labels, int(cv), random_state)
    elif cv is None or isinstance(cv, str | numbers.Number):
        raise InvalidParameterError(describe("cv", cv, _EXPECTED))
    try:
        splitter = check_cv(cv, labels, classifier=True)
        parts = list(splitter.split(np.zeros(len(labels)), labels))
        folds = [
            (_as_positions(train, len(labels)), _as_positions(test, len(labels)))
            for train, test in parts
        ]
    except (TypeError, ValueError, IndexError) as exc:
        message = f"Got cv of type {type(cv).__name__}; expected {_EXPECTED} ({exc})."
        raise InvalidParameterError(message) from exc
    if not folds:
        raise InvalidParameterError(describe("cv", cv, "at least one fold"))
    for number, (train, test) in enumerate(folds):
        _check_fold(number, train, test, labels)
    return folds


def _as_positions(part: Any, n_images: int) -> npt.NDArray[np.intp]:
    chosen = np.asarray(part)
    positions = np.arange(n_images)[chosen if chosen.size else []]
    if positions.ndim != 1:
        raise ValueError(f"a part of shape {positions.shape}")
    return positions


def _check_fold(
    number: int,
    train: npt.NDArray[np.intp],
    test: npt.NDArray[np.intp],
    labels: npt.NDArray[Any],
) -> None:
    name = f"Fold {number + 1}"
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
    if len(np.unique(labels[train])) < 2:
        raise DataError(f"{name} of cv has only one class to learn from.")
    check_class_sizes(labels[train], 2, f"The training part of {name.lower()} needs")
