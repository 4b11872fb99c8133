"""Whether labels can be learned from: one an image, none missing, several classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hybridml.exceptions import DataError


def check_labels(y: Any, n_images: int, *, min_per_class: int = 1) -> npt.NDArray[Any]:
    """Check the labels of a classification and return them as an array.

    Parameters
    ----------
    y : array-like of shape (n_images,)
    n_images : int
    min_per_class : int, default=1
        Fewest images that a class may have.

    Returns
    -------
    labels : ndarray of shape (n_images,)

    Raises
    ------
    DataError
        If y is absent, of another length, holds missing labels or fewer than two
        classes, or a class has too few images.
    """
    if y is None:
        raise DataError("Got y=None; expected one label per image.")
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise DataError(f"Got y of shape {labels.shape}; expected one label per image.")
    if len(labels) != n_images:
        raise DataError(
            f"Got {n_images} images and {len(labels)} labels; expected as many labels "
            "as images."
        )
    if not n_images:
        raise DataError("Found no images: X is empty; expected at least two classes.")
    _check_present(labels)
    _check_classes(labels, min_per_class)
    return labels


def _check_present(labels: npt.NDArray[Any]) -> None:
    missing = np.flatnonzero(pd.isna(labels))
    if len(missing):
        where = ", ".join(str(i) for i in missing[:5])
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        raise DataError(
            f"{len(missing)} of {len(labels)} labels are missing (NaN or None), at "
            f"positions {where}{more}. Drop those images or label them."
        )


def _check_classes(labels: npt.NDArray[Any], min_per_class: int) -> None:
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) < 2:
        raise DataError(
            f"Found only one class, {classes[0]!s}; expected two or more to tell apart."
        )
    small = [
        f"{name!s} ({count})"
        for name, count in zip(classes, counts, strict=True)
        if count < min_per_class
    ]
    if small:
        raise DataError(
            f"Each class needs at least {min_per_class} images; too few in: "
            f"{', '.join(small[:5])}. Add images, or leave these classes out."
        )
