"""Linear probes of a network's layers, and of its outputs, on the same folds."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import softmax
from sklearn.base import clone
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import get_scorer
from sklearn.model_selection import ParameterGrid

from hybridml._threads import one_blas_thread
from hybridml.comparing.splits import Fold, inner_folds
from hybridml.comparing.tasks import Task, default_scoring
from hybridml.heads.making import head_grid, make_head
from hybridml.transfer.advice.probes import Probed
from hybridml.transfer.cases.class_map import learn_class_map

_N_FOLDS = 5
_ENOUGH_TESTED = 300
_MOST_REPEATS = 10


def make_probe_folds(
    targets: npt.NDArray[Any], task: Task, random_state: int
) -> list[Fold]:
    """Make five folds, the more often the fewer images there are.

    Each image is tested once in each repetition; with few images the luck of a division
    would decide, so that 300 images are tested in all, and at most ten times each.
    """
    n_repeats = int(np.clip(-(-_ENOUGH_TESTED // len(targets)), 1, _MOST_REPEATS))
    return [
        fold
        for repeat in range(n_repeats)
        for fold in inner_folds(targets, _N_FOLDS, random_state + repeat, task)
    ]


def probe_layer(
    cut_layer: str,
    features: npt.NDArray[np.float32],
    targets: npt.NDArray[Any],
    folds: list[Fold],
    task: Task,
    random_state: int,
) -> Probed:
    """Cross-validate a linear head on the features of a layer.

    A logistic regression for classes, else ridge, of the strength of its grid that does
    best on all the folds: of three that is hardly too good, and equally for all layers.

    Parameters
    ----------
    cut_layer : str
    features : ndarray of shape (n_images, n_features), float32
    targets : ndarray of shape (n_images,) or (n_images, n_targets)
    folds : list of (train, test)
    task : {"classification", "multilabel", "regression"}
    random_state : int
    """
    name = "logistic" if task == "classification" else "ridge"
    precise = features.astype(np.float64)  # in float32 lbfgs may lose its way
    scorer = get_scorer(default_scoring(task))
    found = []
    with one_blas_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        for params in ParameterGrid(head_grid(name, task)):
            head = make_head(name, task=task, random_state=random_state)
            head.set_params(**params)
            scores = [
                scorer(
                    clone(head).fit(precise[train], targets[train]),
                    precise[test],
                    targets[test],
                )
                for train, test in folds
            ]
            found.append(Probed(1, cut_layer, np.asarray(scores, dtype=np.float64)))
    return max(found, key=lambda probed: probed.mean)


def probe_outputs(
    logits: npt.NDArray[np.float32], targets: npt.NDArray[Any], folds: list[Fold]
) -> Probed:
    """Cross-validate case 0: outputs mapped to classes by each training part."""
    outputs = np.asarray(softmax(logits, axis=1))
    labels = np.unique(targets, return_inverse=True)[1]
    scores = []
    for train, test in folds:
        known, numbered = np.unique(labels[train], return_inverse=True)
        shares = learn_class_map(outputs[train], numbered)
        predicted = known[(outputs[test] @ shares).argmax(axis=1)]
        scores.append(np.mean(predicted == labels[test]))
    return Probed(0, "logits", np.asarray(scores, dtype=np.float64))
