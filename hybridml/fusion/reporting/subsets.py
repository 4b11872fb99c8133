"""What a fusion predicts out of fold when only some modalities are shown to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone

from hybridml.comparing.outputs import Outputs
from hybridml.comparing.splits import Fold
from hybridml.fusion.estimator import FusionEstimator
from hybridml.fusion.modalities.block import Block
from hybridml.fusion.patterns import Pattern

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ShownSubsets:
    """Predictions of the same rows from each set of modalities.

    Attributes
    ----------
    names : list of str
        Of the modalities.
    rows : ndarray of int
        The rows that were predicted, of those given.
    outputs : dict of {tuple of int: Outputs}
        By the positions of the modalities that were shown; () is the prior.
    presence : ndarray of shape (n_rows, n_modalities), bool
        Whether the rows have each modality.
    """

    names: list[str]
    rows: npt.NDArray[np.intp]
    outputs: dict[Pattern, Outputs]
    presence: npt.NDArray[np.bool_]


def show_subsets(
    estimator: FusionEstimator,
    frame: pd.DataFrame,
    y: npt.NDArray[Any],
    folds: Sequence[Fold],
) -> ShownSubsets:
    """Fit a fusion on each fold's training rows, and show it parts of the test rows.

    Parameters
    ----------
    estimator : fusion estimator
        It is cloned.
    frame : DataFrame of shape (n_rows, n_columns)
    y : ndarray of shape (n_rows,) or (n_rows, n_outputs)
    folds : sequence of (train, test)
        Test parts that do not overlap.
    """
    names = [name for name, _, _ in estimator.modalities]
    positions = range(len(names))
    subsets = [
        s for size in range(len(names) + 1) for s in combinations(positions, size)
    ]
    classes = _classes_of(estimator, y)
    found: dict[Pattern, list[Floats]] = {subset: [] for subset in subsets}
    presence = []
    for train, test in folds:
        fitted: Any = clone(estimator).fit(frame.iloc[train], y[train])
        blocks = fitted._encode(frame.iloc[test])
        presence.append(np.column_stack([block.is_present for block in blocks]))
        for subset in subsets:
            outputs = fitted._outputs(_shown(blocks, subset))
            found[subset].append(_align(outputs, fitted, classes))
    return ShownSubsets(
        names,
        np.concatenate([test for _, test in folds]),
        {s: _as_said(np.concatenate(parts), classes, y) for s, parts in found.items()},
        np.concatenate(presence),
    )


def _shown(blocks: list[Block], subset: Pattern) -> list[Block]:
    return [b if i in subset else b.hidden() for i, b in enumerate(blocks)]


def _classes_of(estimator: Any, y: npt.NDArray[Any]) -> npt.NDArray[Any] | None:
    """Classes of a classification; None for several labels and for numbers."""
    is_classifier = getattr(estimator, "_estimator_type", "") == "classifier"
    is_classifier = is_classifier or hasattr(estimator, "predict_proba")
    return np.unique(y) if is_classifier and y.ndim == 1 else None


def _align(outputs: Floats, fitted: Any, classes: npt.NDArray[Any] | None) -> Floats:
    """Bring probabilities of a fold's classes into the columns of all classes."""
    if classes is None:
        return outputs
    aligned = np.zeros((len(outputs), len(classes)))
    aligned[:, np.searchsorted(classes, fitted.classes_)] = outputs
    return aligned


def _as_said(
    outputs: Floats, classes: npt.NDArray[Any] | None, y: npt.NDArray[Any]
) -> Outputs:
    if classes is not None:
        said = classes[outputs.argmax(axis=1)]
        return Outputs(said, predict_proba=outputs, classes=classes)
    if y.dtype == bool:
        return Outputs((outputs > 0.5).astype(int), predict_proba=outputs)
    return Outputs(outputs[:, 0] if y.ndim == 1 else outputs)
