"""Whether labels can be learned from: one an image, none missing, several classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hybridml.exceptions import DataError

_N_NAMED = 5
_NEEDS_Y = "A fit requires y to be passed, but the target y is None."
_CURE = "Add images, or leave these classes out."


def check_labels(y: Any, n_images: int, *, min_per_class: int = 1) -> npt.NDArray[Any]:
    """Check the labels of a classification and return them as an array.

    Parameters
    ----------
    y : array-like of shape (n_images,) or (n_images, 1)
    n_images : int
    min_per_class : int, default=1
        Fewest images that a class may have.

    Returns
    -------
    labels : ndarray of shape (n_images,)

    Raises
    ------
    DataError
        If y is absent, of another length, no labels of classes (missing values, numbers
        with a fraction, strings beside numbers), or holds fewer than two classes, or a
        class has too few images.

    Examples
    --------
    >>> check_labels(["cat", "dog", "cat"], 3)
    array(['cat', 'dog', 'cat'], dtype='<U3')
    """
    if y is None:
        raise DataError(f"Got y=None; expected one label per image. {_NEEDS_Y}")
    labels = _as_column(y)
    _check_length(len(labels), n_images)
    _check_present(labels)
    typed = _as_classes(labels)
    _check_classes(typed, min_per_class)
    return typed


def is_label_table(y: Any) -> bool:
    """Whether each image has several labels: y is a table of more than one column.

    Examples
    --------
    >>> is_label_table([[1, 0], [1, 1]]), is_label_table([[1], [0]])
    (True, False)
    """
    shape = np.shape(np.asarray(y, dtype=object))  # which rows may differ in length
    return len(shape) == 2 and shape[1] > 1


def check_label_table(y: Any, n_images: int) -> npt.NDArray[np.bool_]:
    """Check several labels an image, each 0 or 1.

    Parameters
    ----------
    y : array-like of shape (n_images, n_labels)
    n_images : int

    Returns
    -------
    present : ndarray of shape (n_images, n_labels), bool

    Raises
    ------
    DataError
        If there is another number of rows, or anything but 0 and 1.
    """
    table = np.asarray(y)
    _check_length(len(table), n_images)
    if table.dtype.kind not in "biuf" or not np.isin(table, (0, 1)).all():
        raise DataError(
            f"Got y of shape {table.shape} with other values than 0 and 1; expected "
            "a column for each label, 1 where an image has it."
        )
    return table.astype(bool)


def check_numbers(y: Any, n_images: int) -> npt.NDArray[np.float64]:
    """Check the numbers of a regression.

    Parameters
    ----------
    y : array-like of shape (n_images,) or (n_images, n_targets)
    n_images : int

    Returns
    -------
    numbers : ndarray of the same shape, float64

    Raises
    ------
    DataError
        If y is absent, of another length or shape, or holds anything but finite
        numbers.
    """
    if y is None:
        raise DataError(f"Got y=None; expected one number per image. {_NEEDS_Y}")
    try:
        numbers = np.asarray(y, dtype=np.float64)
    except (TypeError, ValueError) as exc:
        raise DataError(f"Got y with values that are no numbers ({exc}).") from exc
    if numbers.ndim not in (1, 2) or 0 in numbers.shape[1:]:
        raise DataError(
            f"Got y of shape {numbers.shape}; expected one or more numbers per image."
        )
    _check_length(len(numbers), n_images)
    bad = np.flatnonzero(~np.isfinite(numbers.reshape(len(numbers), -1)).all(axis=1))
    if len(bad):
        raise DataError(
            f"{len(bad)} of {len(numbers)} rows of y are missing or infinite, at "
            f"positions {_name_some([str(i) for i in bad])}. Drop those images."
        )
    return numbers


def check_class_sizes(
    labels: npt.NDArray[Any], minimum: int, purpose: str, *, cure: str = _CURE
) -> None:
    """Raise `DataError`, naming the classes, if some have fewer than `minimum` images.

    Parameters
    ----------
    labels : ndarray of shape (n_images,)
    minimum : int
    purpose : str
        What needs them, as the start of a sentence: "5 folds need".
    cure : str
        What the user can do, as a sentence.

    Examples
    --------
    >>> check_class_sizes(np.array(["cat", "cat", "dog"]), 2, "Two folds need")
    Traceback (most recent call last):
    ...
    hybridml.exceptions.DataError: Two folds need at least 2 images in each class; ...
    """
    classes, counts = np.unique(labels, return_counts=True)
    small = [
        f"{name!s} ({count})"
        for name, count in zip(classes, counts, strict=True)
        if count < minimum
    ]
    if small:
        raise DataError(
            f"{purpose} at least {minimum} images in each class; too few in: "
            f"{_name_some(small)}. {cure}"
        )


def _check_length(n_labels: int, n_images: int) -> None:
    if n_labels != n_images:
        raise DataError(
            f"Got {n_images} images and {n_labels} labels; expected as many labels "
            "as images."
        )
    if not n_images:
        raise DataError("Found no images: X is empty; expected at least two classes.")


def _as_column(y: Any) -> npt.NDArray[np.object_]:
    """Bring labels into one column of objects: numpy would spell a NaN out as 'nan'."""
    labels = np.asarray(y, dtype=object)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise DataError(f"Got y of shape {labels.shape}; expected one label per image.")
    return labels


def _check_present(labels: npt.NDArray[np.object_]) -> None:
    missing = np.flatnonzero(pd.isna(labels))
    if len(missing):
        raise DataError(
            f"{len(missing)} of {len(labels)} labels are missing (NaN or None), at "
            f"positions {_name_some([str(i) for i in missing])}. Drop those images or "
            "label them."
        )


def _as_classes(labels: npt.NDArray[np.object_]) -> npt.NDArray[Any]:
    """Give labels the type of their elements, which must be of one kind."""
    kinds = sorted({type(label).__name__ for label in labels})
    is_text = [isinstance(label, str) for label in labels]
    if any(is_text) and not all(is_text):
        raise DataError(
            f"Got labels of several types ({', '.join(kinds)}); expected one. "
            "y.astype(str) makes all of them text."
        )
    try:
        typed = np.asarray(labels.tolist())
    except ValueError:  # elements that are sequences of different lengths
        typed = labels
    if typed.ndim != 1 or typed.dtype.kind not in "biufU":
        raise DataError(
            f"Got labels of type {', '.join(kinds)}; expected text or whole numbers."
        )
    if typed.dtype.kind == "f":
        _check_whole(typed)
    return typed


def _check_whole(labels: npt.NDArray[np.floating[Any]]) -> None:
    is_whole = np.isfinite(labels) & (labels == np.round(labels))
    if not is_whole.all():
        raise DataError(
            f"Got y with the value {labels[~is_whole][0]}, a continuous target; "
            "expected classes, not measurements. Bin them first."
        )


def _check_classes(labels: npt.NDArray[Any], min_per_class: int) -> None:
    classes = np.unique(labels)
    if len(classes) < 2:
        raise DataError(
            f"Found only one class, {classes[0]!s}; expected two or more to tell apart."
        )
    check_class_sizes(labels, min_per_class, "It takes")


def _name_some(names: list[str]) -> str:
    more = f" and {len(names) - _N_NAMED} more" if len(names) > _N_NAMED else ""
    return f"{', '.join(names[:_N_NAMED])}{more}"
