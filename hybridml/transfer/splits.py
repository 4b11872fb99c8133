"""The folds of a comparison: made once, the same for every case."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedKFold, check_cv

from hybridml._checks import describe, is_count
from hybridml.exceptions import DataError, InvalidParameterError

Fold = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]


def stratified_folds(
    labels: npt.NDArray[Any], n_folds: int, random_state: int
) -> StratifiedKFold:
    """Shuffled stratified folds, no more than the smallest class has images."""
    smallest = int(np.unique(labels, return_counts=True)[1].min())
    n_possible = max(2, min(n_folds, smallest))
    return StratifiedKFold(n_possible, shuffle=True, random_state=random_state)


def make_folds(
    labels: npt.NDArray[Any], cv: int | Iterable[Any] | Any, random_state: int
) -> list[Fold]:
    """Make the folds of a comparison.

    Parameters
    ----------
    labels : ndarray of shape (n_images,)
    cv : int, splitter or iterable of (train, test) positions
        A number means shuffled stratified folds.
    random_state : int

    Returns
    -------
    folds : list of (train, test)

    Raises
    ------
    DataError
        If a class has fewer images than there are folds.
    InvalidParameterError
        If `cv` is none of these.
    """
    if is_count(cv, minimum=2):
        _check_class_sizes(labels, int(cv))
        cv = stratified_folds(labels, int(cv), random_state)
    elif isinstance(cv, int):
        expected = "at least 2 folds, a splitter, or (train, test) positions"
        raise InvalidParameterError(describe("cv", cv, expected))
    folds = check_cv(cv, labels, classifier=True).split(np.zeros(len(labels)), labels)
    return [(np.asarray(train), np.asarray(test)) for train, test in folds]


def _check_class_sizes(labels: npt.NDArray[Any], n_folds: int) -> None:
    classes, counts = np.unique(labels, return_counts=True)
    small = [
        f"{name!s} ({count})"
        for name, count in zip(classes, counts, strict=True)
        if count < n_folds
    ]
    if small:
        raise DataError(
            f"{n_folds} folds need at least {n_folds} images in each class; too few "
            f"in: {', '.join(small[:5])}. Add images, leave these classes out, or ask "
            "for fewer folds."
        )
