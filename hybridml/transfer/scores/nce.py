"""NCE: how little is left to say of the label once the source's label is known."""

from __future__ import annotations

from typing import Any

import numpy as np

from hybridml._labels import check_labels
from hybridml.exceptions import DataError
from hybridml.transfer.scores.checking import Codes, check_classes


def nce(source_labels: Any, labels: Any) -> float:
    """Negative conditional entropy of the labels, given the source's labels.

    Parameters
    ----------
    source_labels : array-like of shape (n_images,)
        What the pretrained network calls each image, such as its most probable class.
    labels : array-like of shape (n_images,)

    Returns
    -------
    score : float
        In nats, at most 0: higher is better, and 0 where the source's label gives the
        image's label away.

    Raises
    ------
    DataError
        If these are no labels, or not as many of one as of the other.

    References
    ----------
    A. T. Tran, C. V. Nguyen, T. Hassner, "Transferability and Hardness of Supervised
    Classification Tasks", ICCV 2019, section 3.

    Examples
    --------
    >>> nce(["tabby", "lynx", "pug", "pug"], ["cat", "cat", "dog", "dog"])
    0.0
    """
    sources = np.asarray(source_labels)
    if sources.ndim != 1:
        raise DataError(
            f"Got source_labels of shape {sources.shape}; expected one for each image."
        )
    targets = check_classes(labels, len(sources))
    sources = _source_codes(source_labels, len(sources))
    joint = np.zeros((int(targets.max()) + 1, int(sources.max()) + 1))
    np.add.at(joint, (targets, sources), 1 / len(targets))
    given = joint.sum(axis=0)
    met = joint > 0
    log_conditional = np.log((joint / given)[met])
    return float((joint[met] * log_conditional).sum()) + 0.0  # never minus zero


def _source_codes(source_labels: Any, n_images: int) -> Codes:
    """Give numbers to the source's labels, of which all may be the same."""
    given = np.asarray(source_labels)
    if len(set(given.tolist())) > 1:
        given = check_labels(source_labels, n_images)
    return np.asarray(np.unique(given, return_inverse=True)[1], dtype=np.intp)
