"""Linear probes of a network's layers, and of its outputs, on the same folds."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import softmax
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import f1_score
from sklearn.preprocessing import StandardScaler

from hybridml._threads import one_blas_thread
from hybridml.comparing.splits import Fold, inner_folds
from hybridml.comparing.tasks import Task
from hybridml.transfer.advice.closed_form import predict_ridge, similarities_of
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
) -> Probed:
    """Cross-validate a ridge regression on the features of a layer.

    It stands for all linear heads, classes being numbers 0 and 1, since its folds and
    strengths can be had in closed form: hundreds of fits in a second. The strength is
    the one that does best on all the folds; of six that is hardly too good, and equally
    for all layers.

    Parameters
    ----------
    cut_layer : str
    features : ndarray of shape (n_images, n_features), float32
    targets : ndarray of shape (n_images,) or (n_images, n_targets)
    folds : list of (train, test)
    task : {"classification", "multilabel", "regression"}
    """
    with one_blas_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        products, codes = similarities_of(features), _codes(targets, task)
        scores = np.array(
            [
                [
                    _score(codes[test], predicted, task)
                    for predicted in predict_ridge(products, codes, train, test)
                ]
                for train, test in folds
            ]
        )
    return Probed(1, cut_layer, scores[:, scores.mean(axis=0).argmax()])


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


def _codes(targets: npt.NDArray[Any], task: Task) -> npt.NDArray[np.float64]:
    """Write targets as numbers: a column a class, 1 for a label, or of variance 1."""
    if task == "classification":
        known, numbered = np.unique(targets, return_inverse=True)
        return np.eye(len(known))[numbered]
    columns = targets.reshape(len(targets), -1).astype(np.float64)
    return StandardScaler().fit_transform(columns) if task == "regression" else columns


def _score(
    codes: npt.NDArray[np.float64], predicted: npt.NDArray[np.float64], task: Task
) -> float:
    """Score predicted numbers as `default_scoring` has it for the task.

    R2 is measured by the variance of all the targets: that of a fold's own, which may
    be four, is luck.
    """
    if task == "classification":
        return float(np.mean(predicted.argmax(axis=1) == codes.argmax(axis=1)))
    if task == "multilabel":
        return float(f1_score(codes > 0.5, predicted > 0.5, average="macro"))
    return float(1 - np.mean((codes - predicted) ** 2))
