"""Which images are scored where there are more of them than a score needs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hybridml._checks import describe, is_count
from hybridml.comparing.tasks import Task
from hybridml.exceptions import InvalidParameterError


def sample_positions(
    targets: npt.NDArray[Any], task: Task, max_images: int | None, random_state: int
) -> npt.NDArray[np.intp]:
    """Draw images at random, of each class in proportion and at least one.

    Parameters
    ----------
    targets : ndarray of shape (n_images,) or (n_images, n_targets)
    task : {"classification", "multilabel", "regression"}
    max_images : int or None
        None for all of them. At least one of each class is taken in any case.
    random_state : int

    Returns
    -------
    positions : ndarray of shape (n_sampled,), int
        In rising order.

    Raises
    ------
    InvalidParameterError
        If `max_images` is neither None nor a whole number of at least 2.

    Examples
    --------
    >>> sample_positions(np.array(["cat", "dog", "cat"]), "classification", None, 0)
    array([0, 1, 2])
    """
    if max_images is not None and not is_count(max_images, minimum=2):
        expected = "None or a whole number of at least 2"
        raise InvalidParameterError(describe("max_images", max_images, expected))
    n_images = len(targets)
    if max_images is None or n_images <= max_images:
        return np.arange(n_images)
    drawn = np.random.default_rng(random_state).permutation(n_images)
    if task != "classification":
        return np.sort(drawn[:max_images])
    classes, codes = np.unique(targets[drawn], return_inverse=True)
    share = np.empty(n_images)  # of its class that was drawn before an image
    for code in range(len(classes)):
        members = np.flatnonzero(codes == code)
        share[members] = np.arange(len(members)) / len(members)
    first = np.argsort(share, kind="stable")[: max(max_images, len(classes))]
    return np.sort(drawn[first])
