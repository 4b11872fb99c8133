"""The linear probe of the layer curve: what a linear model reads from one layer."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from joblib import parallel_config
from sklearn.base import BaseEstimator
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    StratifiedKFold,
    check_cv,
    cross_val_score,
)
from sklearn.multiclass import OneVsRestClassifier

from hybridml._checks import describe, is_count
from hybridml._threads import one_blas_thread
from hybridml.comparing.splits import Fold, make_folds
from hybridml.comparing.tasks import Task
from hybridml.exceptions import DataError, InvalidParameterError
from hybridml.heads.making import head_grid, make_head

_N_INNER = 3


def probe_folds(
    targets: npt.NDArray[Any], task: Task, cv: Any, random_state: int
) -> list[Fold]:
    """Make the folds on which every layer is probed.

    Classes are spread evenly over the folds; numbers and several labels are shuffled.

    Raises
    ------
    DataError
        If there are too few images, in all or of a class.
    InvalidParameterError
        If `cv` is neither a number of folds, a splitter nor pairs of positions.
    """
    if task == "classification":
        return make_folds(targets, cv, random_state)
    if is_count(cv, minimum=2):
        if len(targets) < 2 * cv:
            raise DataError(
                f"{cv} folds need at least {2 * cv} images; got {len(targets)}. "
                "Add images, or ask for fewer folds."
            )
        cv = KFold(int(cv), shuffle=True, random_state=random_state)
    elif not hasattr(cv, "split") and not isinstance(cv, Sequence):
        expected = "at least 2 folds, a splitter, or pairs of (train, test) positions"
        raise InvalidParameterError(describe("cv", cv, expected))
    nothing = np.zeros((len(targets), 1))
    return list(check_cv(cv).split(nothing, targets))


def make_probe(
    task: Task, targets: npt.NDArray[Any], folds: Sequence[Fold], random_state: int
) -> GridSearchCV:
    """Make a linear model that chooses its own strength, inside what it is given.

    Parameters
    ----------
    task : {"classification", "multilabel", "regression"}
        Logistic regression; one for each label; ridge regression.
    targets : ndarray of shape (n_images,) or (n_images, n_targets)
    folds : sequence of (train, test)
        By the rarest class of their training parts goes the number of inner folds.
    random_state : int

    Returns
    -------
    probe : GridSearchCV
        Unfitted. It standardises the features, too.
    """
    head: BaseEstimator
    if task == "regression":
        head, grid = make_head("ridge", task=task), head_grid("ridge", task)
    else:
        head = make_head("logistic", random_state=random_state)
        grid = head_grid("logistic")
    if task == "multilabel":
        head = OneVsRestClassifier(head)
        grid = {f"estimator__{name}": values for name, values in grid.items()}
    inner = KFold(_N_INNER, shuffle=True, random_state=random_state)
    if task == "classification":
        smallest = min(
            np.unique(targets[train], return_counts=True)[1].min() for train, _ in folds
        )
        n_inner = max(2, min(_N_INNER, int(smallest)))
        inner = StratifiedKFold(n_inner, shuffle=True, random_state=random_state)
    return GridSearchCV(head, grid, cv=inner, scoring=None)


def probe_layer(
    features: npt.NDArray[np.float32],
    targets: npt.NDArray[Any],
    probe: GridSearchCV,
    folds: Sequence[Fold],
    scoring: str,
    n_jobs: int | None,
) -> npt.NDArray[np.float64]:
    """Score a probe on each fold, by the score that it also chooses its strength by."""
    probe.set_params(scoring=scoring, error_score="raise")
    precise = features.astype(np.float64)  # in float32 lbfgs may lose its way
    threads = parallel_config(backend="threading", n_jobs=n_jobs)
    with one_blas_thread(), threads, warnings.catch_warnings():
        # A rare label may be absent from a part: then it is predicted for none or all.
        warnings.filterwarnings("ignore", "Label .* is present", UserWarning)
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        scores: npt.NDArray[np.float64] = cross_val_score(
            probe, precise, targets, cv=folds, scoring=scoring, error_score="raise"
        )
    return scores
