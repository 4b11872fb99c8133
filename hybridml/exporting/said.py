"""What a predictor says of each row, as values of a graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hybridml.exporting.graph import Value, concatenate


@dataclass(frozen=True, eq=False)
class Said:
    """Classes, labels or numbers, with what stands behind them.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,) or None
        Of a classification.
    probabilities : Value of shape (n, n_classes) or (n, n_labels), float64, or None
    scores : Value of shape (n, n_classes) or (n, n_labels), float64, or None
        What `decision_function` gives; of two classes of shape (n, 1).
    chosen : Value of shape (n,), int64, or None
        Positions of the predicted classes, where they are not those with the largest
        probability or score.
    present : Value of shape (n, n_labels), int64, or None
        Of several labels an image, 1 where it has them.
    numbers : Value of shape (n, n_targets), float64, or None
        Of a regression.
    """

    classes: npt.NDArray[np.generic] | None = None
    probabilities: Value | None = None
    scores: Value | None = None
    chosen: Value | None = None
    present: Value | None = None
    numbers: Value | None = None

    @property
    def task(self) -> str:
        """One of "classification", "multilabel" and "regression"."""
        if self.numbers is not None:
            return "regression"
        return "classification" if self.classes is not None else "multilabel"

    def positions(self) -> Value:
        """Positions of the predicted classes, int64 of shape (n,)."""
        if self.chosen is not None:
            return self.chosen
        if self.probabilities is not None:
            return _place_of_largest(self.probabilities)
        if self.scores is None or self.classes is None:
            raise ValueError("There is nothing to tell classes by.")
        if len(self.classes) == 2:
            return (self.scores > 0.0).cast(np.int64).reshape(-1)
        return _place_of_largest(self.scores)


def say_labels(probabilities: Value) -> Said:
    """Several labels an image, each there where its probability is above a half."""
    present = (probabilities > 0.5).cast(np.int64)
    return Said(probabilities=probabilities, present=present)


def both_classes(probability: Value) -> Value:
    """From the probability of the second of two classes, (n, 1), to those of both."""
    return concatenate([-probability + 1.0, probability])


def _place_of_largest(values: Value) -> Value:
    return values.op("ArgMax", axis=1, keepdims=0)
