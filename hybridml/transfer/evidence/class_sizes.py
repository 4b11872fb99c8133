"""How much there is to learn from: images per class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hybridml._labels import check_labels


@dataclass(frozen=True)
class ClassSizes:
    """The size of a data set as a classifier sees it.

    Attributes
    ----------
    n_images, n_classes : int
    smallest : int
        Images of the rarest class.
    median : float
        Images of the class in the middle.
    """

    n_images: int
    n_classes: int
    smallest: int
    median: float


def images_per_class(y: Any) -> ClassSizes:
    """Count the images of the classes.

    Parameters
    ----------
    y : array-like of shape (n_images,)
        Labels of a classification.

    Returns
    -------
    sizes : ClassSizes

    Raises
    ------
    DataError
        If these are no labels of two or more classes.

    Examples
    --------
    >>> images_per_class(["cat", "dog", "cat", "emu", "cat", "dog"])
    ClassSizes(n_images=6, n_classes=3, smallest=1, median=2.0)
    """
    n_images = len(y) if y is not None else 0
    counts = np.unique(check_labels(y, n_images), return_counts=True)[1]
    return ClassSizes(
        n_images, len(counts), int(counts.min()), float(np.median(counts))
    )
