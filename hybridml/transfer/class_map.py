"""Which outputs of a pretrained network speak for which class of the task (case 0)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hybridml._checks import describe, did_you_mean
from hybridml.exceptions import DataError

Floats = npt.NDArray[np.floating[Any]]


def learn_class_map(
    outputs: Floats, labels: npt.NDArray[np.intp], *, smoothing: float = 1.0
) -> npt.NDArray[np.float64]:
    """Estimate, for each output of the network, the class that it speaks for.

    An output's evidence for a class is the probability that it gets on the class's
    images, on average; classes count alike, however many images they have.

    Parameters
    ----------
    outputs : ndarray of shape (n_images, n_outputs)
        The network's probabilities; rows sum to one.
    labels : ndarray of shape (n_images,), int
        From 0; every class occurs.
    smoothing : float, default=1.0
        Strength of the prior that an output speaks for all classes alike, in images a
        class that give each output the same probability.

    Returns
    -------
    shares : ndarray of shape (n_outputs, n_classes), float64
        Rows sum to one: P(class | output).
    """
    n_classes, n_outputs = labels.max() + 1, outputs.shape[1]
    evidence = np.empty((n_outputs, n_classes))
    for label in range(n_classes):
        own = outputs[labels == label]
        total = own.sum(axis=0, dtype=np.float64) + smoothing / n_outputs
        evidence[:, label] = total / (len(own) + smoothing)
    return np.asarray(evidence / evidence.sum(axis=1, keepdims=True))


def named_class_map(
    class_map: Mapping[Any, Sequence[str | int]],
    classes: npt.NDArray[Any],
    categories: Sequence[str],
) -> npt.NDArray[np.float64]:
    """Turn a map from class to output names (or numbers) into shares.

    Returns
    -------
    shares : ndarray of shape (n_outputs, n_classes), float64
        Zero for outputs that speak for no class.

    Raises
    ------
    DataError
        If a class is not in the map, or an output is not known.
    """
    absent = [label for label in classes if label not in class_map]
    if absent:
        expected = f"outputs for each of the classes {[str(c) for c in classes]}"
        raise DataError(describe("class_map", dict(class_map), expected))
    shares = np.zeros((len(categories), len(classes)))
    for column, label in enumerate(classes):
        for output in class_map[label]:
            shares[_find_output(output, categories), column] = 1.0
    total = shares.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(shares, total, out=shares, where=total > 0))


def _find_output(output: str | int, categories: Sequence[str]) -> int:
    if isinstance(output, int | np.integer) and 0 <= output < len(categories):
        return int(output)
    if output in categories:
        return categories.index(str(output))
    expected = f"an output's name or its number from 0 to {len(categories) - 1}"
    hint = did_you_mean(output, categories)
    raise DataError(describe("an output of class_map", output, expected, hint))
