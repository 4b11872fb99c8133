"""How often each class was taken for each, counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class Confusion(NamedTuple):
    """A class that was taken for another.

    Attributes
    ----------
    truth, predicted : str
    n_images : int
    share : float
        Of the images of the true class.
    """

    truth: str
    predicted: str
    n_images: int
    share: float


def count_confusions(
    truth: npt.NDArray[Any], predicted: npt.NDArray[Any], classes: Sequence[str]
) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Count the pairs of true and predicted classes.

    Parameters
    ----------
    truth, predicted : ndarray of shape (n_images,)
        Compared as text.
    classes : sequence of str
        In the order wanted; classes that are not among them follow.

    Returns
    -------
    counts : ndarray of shape (n_classes, n_classes), int64
        A row for each true class, a column for each predicted one.
    names : list of n_classes str

    Examples
    --------
    >>> truth, predicted = np.array(["a", "a", "b"]), np.array(["a", "b", "b"])
    >>> counts, names = count_confusions(truth, predicted, ["a", "b"])
    >>> counts.tolist(), names
    ([[1, 1], [0, 1]], ['a', 'b'])
    """
    rows, columns = ([str(value) for value in array] for array in (truth, predicted))
    names = list(dict.fromkeys([*map(str, classes), *sorted({*rows, *columns})]))
    place = {name: i for i, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(counts, ([place[r] for r in rows], [place[c] for c in columns]), 1)
    return counts, names


def most_confused(
    counts: npt.NDArray[np.int64], names: Sequence[str], n_pairs: int
) -> list[Confusion]:
    """Pick the pairs that are confused most often.

    Examples
    --------
    >>> most_confused(np.array([[1, 1], [0, 1]]), ["a", "b"], 5)
    [Confusion(truth='a', predicted='b', n_images=1, share=0.5)]
    """
    wrong = counts - np.diag(np.diag(counts))
    order = np.argsort(-wrong, axis=None, kind="stable")[:n_pairs]
    totals = counts.sum(axis=1)
    pairs = zip(*np.unravel_index(order, wrong.shape), strict=True)
    return [
        Confusion(names[i], names[j], int(wrong[i, j]), float(wrong[i, j] / totals[i]))
        for i, j in pairs
        if wrong[i, j]
    ]
