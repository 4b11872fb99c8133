"""LEEP: how well the source's probabilities, re-read as the labels', predict them."""

from __future__ import annotations

from typing import Any

import numpy as np

from hybridml.exceptions import DataError
from hybridml.transfer.scores.checking import (
    Codes,
    Floats,
    check_classes,
    check_features,
)

_TOLERANCE = 1e-3  # of a sum of probabilities: they may come in half precision


def leep(probabilities: Any, labels: Any) -> float:
    """Mean log probability of the labels under the expected empirical predictor.

    That predictor takes each source class for the labels that come with it, weighted
    by the probability of the source class.

    Parameters
    ----------
    probabilities : array-like of shape (n_images, n_source_classes), float
        What the pretrained network gives for each image, with rows that sum to 1.
    labels : array-like of shape (n_images,)

    Returns
    -------
    score : float
        In nats, at most 0: higher is better.

    Raises
    ------
    DataError
        If the rows are no probabilities, or labels and rows do not fit together.

    References
    ----------
    C. V. Nguyen, T. Hassner, M. Seeger, C. Archambeau, "LEEP: A New Measure to Evaluate
    Transferability of Learned Representations", ICML 2020, section 3.

    Examples
    --------
    >>> round(leep([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9]], ["cat", "cat", "dog"]), 3)
    -0.245
    """
    checked = check_probabilities(probabilities)
    return expected_log_probability(checked, check_classes(labels, len(checked)))


def check_probabilities(probabilities: Any) -> Floats:
    """Check that each row is a distribution, and return them in double precision."""
    checked = check_features(probabilities)
    sums = checked.sum(axis=1)
    is_off = (checked < 0).any(axis=1) | (abs(sums - 1) > _TOLERANCE)
    if is_off.any():
        raise DataError(
            f"{int(is_off.sum())} of {len(checked)} rows of probabilities have values "
            "below 0, or do not sum to 1. Pass the logits through a softmax first."
        )
    return np.asarray(checked / sums[:, None])


def expected_log_probability(probabilities: Floats, codes: Codes) -> float:
    """LEEP of checked probabilities, and labels as numbers from 0."""
    joint = np.zeros((int(codes.max()) + 1, probabilities.shape[1]))
    np.add.at(joint, codes, probabilities)
    of_source = joint.sum(axis=0)
    met = of_source > 0
    conditional = joint[:, met] / of_source[met]
    predicted = (conditional[codes] * probabilities[:, met]).sum(axis=1)
    return float(np.log(predicted).mean())
