"""Folds that share several labels an image, or numbers, out evenly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_MAX_BINS = 10


def spread_labels(
    present: npt.NDArray[np.bool_], n_folds: int, random_state: int
) -> npt.NDArray[np.intp]:
    """Share images out to folds, so that each has its part of every label.

    The rarest label still to be shared out comes first. Each of its images goes to the
    fold that lacks most images of the label, of these to the one that lacks most images
    at all. No fold stays empty while there are as many images as folds.

    Parameters
    ----------
    present : ndarray of shape (n_images, n_labels), bool
    n_folds : int
    random_state : int
        Order of the images, and choice between folds that lack as much.

    Returns
    -------
    fold : ndarray of shape (n_images,), int
        From 0.

    References
    ----------
    K. Sechidis, G. Tsoumakas, I. Vlahavas, "On the Stratification of Multi-Label Data",
    ECML PKDD 2011, section 3 (iterative stratification).
    """
    rng = np.random.default_rng(random_state)
    present, n_images = np.asarray(present, dtype=bool), len(present)
    lacking = np.full(n_folds, n_images / n_folds)
    lacking_of = np.tile(present.sum(axis=0) / n_folds, (n_folds, 1))
    fold = np.full(n_images, -1, dtype=np.intp)
    left = rng.permutation(n_images)
    while len(left):
        counts = present[left].sum(axis=0)
        is_left = counts > 0
        if is_left.any():
            label = int(np.where(is_left, counts, n_images + 1).argmin())
            chosen, wanted = left[present[left, label]], lacking_of[:, label]
        else:  # images without any label
            chosen, wanted = left, lacking
        for image in chosen:
            goal = np.lexsort((rng.random(n_folds), lacking, wanted))[-1]
            fold[image] = goal
            lacking_of[goal] -= present[image]
            lacking[goal] -= 1
        left = left[fold[left] < 0]
    return fold


def bin_numbers(numbers: npt.NDArray[np.float64], n_folds: int) -> npt.NDArray[np.intp]:
    """Sort images by their numbers into bins of equal size, to stratify by.

    Of several numbers an image, the first principal component of the standardised ones
    is what they are sorted by.

    Parameters
    ----------
    numbers : ndarray of shape (n_images,) or (n_images, n_targets)
    n_folds : int
        Fewest images of a bin, where there are so many.

    Returns
    -------
    bins : ndarray of shape (n_images,), int
        From 0, at most ten.

    Examples
    --------
    >>> bin_numbers(np.array([5.0, 1.0, 4.0, 9.0, 2.0]), n_folds=2)
    array([1, 0, 0, 1, 0])
    """
    table = numbers.reshape(len(numbers), -1)
    centred = table - table.mean(axis=0)
    scale = centred.std(axis=0)
    standardised = centred / np.where(scale > 0, scale, 1.0)
    if table.shape[1] == 1:
        component = standardised[:, 0]
    else:
        component = (
            standardised @ np.linalg.svd(standardised, full_matrices=False)[2][0]
        )
    rank = component.argsort(kind="stable").argsort(kind="stable")
    n_bins = min(_MAX_BINS, max(1, len(numbers) // n_folds))
    return np.asarray(rank * n_bins // len(numbers), dtype=np.intp)
