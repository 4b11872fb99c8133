"""The linear probe: what cross-validation makes of a linear head on the features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from sklearn.metrics import f1_score, get_scorer, make_scorer
from sklearn.model_selection import BaseCrossValidator, GridSearchCV, KFold

from hybridml._checks import Problems, is_count
from hybridml._labels import check_class_sizes
from hybridml._threads import one_blas_thread
from hybridml.comparing.splits import stratified_folds
from hybridml.comparing.tasks import Task
from hybridml.exceptions import DataError
from hybridml.heads.catalogue import Task as HeadTask
from hybridml.heads.making import head_grid, make_head
from hybridml.transfer.scores.checking import Floats, check_features, check_task

_N_INNER = 3
# Wider than the head's own: early layers have few features, which need less of it.
_RIDGE_GRID = {"head__alpha": [1.0, 10.0, 100.0, 1000.0, 10_000.0]}
_SCORERS: dict[Task, Any] = {
    "classification": get_scorer("accuracy"),
    "multilabel": make_scorer(f1_score, average="macro", zero_division=0),
    "regression": get_scorer("r2"),
}


@dataclass(frozen=True)
class ProbeScore:
    """What a linear probe reached, and how sure that is.

    Attributes
    ----------
    mean : float
        Mean of the folds: accuracy, macro F1 or R2, by the task.
    standard_error : float
        Of the mean, from the differences between the folds.
    fold_scores : tuple of float
    """

    mean: float
    standard_error: float
    fold_scores: tuple[float, ...]

    def __float__(self) -> float:
        return self.mean


def probe_score(
    features: Any,
    targets: Any,
    *,
    task: str = "auto",
    cv: int = 5,
    random_state: int = 0,
    n_jobs: int | None = None,
) -> ProbeScore:
    """Cross-validated score of a linear head on standardised features.

    A logistic regression for classes, ridge for several labels and for numbers. The
    strength is chosen in inner folds of each training part.

    Parameters
    ----------
    features : array-like of shape (n_images, n_features), float
    targets : array-like of shape (n_images,) or (n_images, n_targets)
        Classes, a table of several labels, or one or more numbers an image.
    task : {"auto", "classification", "multilabel", "regression"}, default="auto"
        What the targets are, as `find_task` tells it.
    cv : int, default=5
        Folds, stratified by class; no more than the smallest class has images.
    random_state : int, default=0
        Seed of the folds.
    n_jobs : int or None, default=None
        Folds at the same time.

    Returns
    -------
    score : ProbeScore
        Higher is better; ``float(score)`` is the mean.

    Raises
    ------
    DataError
        If features and targets do not suit the task or each other, or there are too
        few images: two of each class, or four in all for numbers and labels.
    InvalidParameterError
        If another parameter is wrong.

    References
    ----------
    G. Alain, Y. Bengio, "Understanding intermediate layers using linear classifier
    probes", ICLR 2017 workshop, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.repeat(["cat", "dog"], 20)
    >>> telling = np.random.default_rng(0).normal(size=(40, 5))
    >>> telling[labels == "cat"] += 9
    >>> probe_score(telling, labels).mean
    1.0
    """
    problems = Problems("probe_score")
    problems.expect(is_count(cv, minimum=2), "cv", cv, "at least 2 folds")
    is_seed = is_count(random_state, minimum=0)
    problems.expect(is_seed, "random_state", random_state, "a whole number >= 0")
    problems.raise_all()
    values = check_features(features)
    found, checked = check_task(targets, task, len(values))
    outer = _folds(checked, found, cv, random_state)
    with one_blas_thread():
        scores = Parallel(n_jobs=n_jobs, backend="threading")(
            delayed(_score_fold)(values, checked, found, random_state, train, test)
            for train, test in outer
        )
    error = np.std(scores, ddof=1) / np.sqrt(len(scores))
    return ProbeScore(float(np.mean(scores)), float(error), tuple(scores))


def _score_fold(
    values: Floats,
    targets: npt.NDArray[Any],
    task: Task,
    random_state: int,
    train: npt.NDArray[np.intp],
    test: npt.NDArray[np.intp],
) -> float:
    name = "logistic" if task == "classification" else "ridge"
    kind: HeadTask = "regression" if task == "regression" else "classification"
    head = make_head(name, task=kind, random_state=random_state)
    if _n_folds(targets[train], task, _N_INNER) > 1:
        head = GridSearchCV(
            head,
            _RIDGE_GRID if name == "ridge" else head_grid(name, kind),
            scoring=_SCORERS[task],
            cv=_splitter(targets[train], task, _N_INNER, random_state),
            error_score="raise",
        )
    head.fit(values[train], targets[train])
    return float(_SCORERS[task](head, values[test], targets[test]))


def _folds(
    targets: npt.NDArray[Any], task: Task, cv: int, random_state: int
) -> list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    if task == "classification":
        check_class_sizes(targets, 2, "A probe needs")
    if _n_folds(targets, task, cv) < 2:
        raise DataError(f"Got {len(targets)} images; a probe needs at least 4.")
    return list(_splitter(targets, task, cv, random_state).split(targets, targets))


def _n_folds(targets: npt.NDArray[Any], task: Task, most: int) -> int:
    """Count folds that have an image of each class, or two images in any case."""
    if task == "classification":
        return min(most, int(np.unique(targets, return_counts=True)[1].min()))
    return min(most, len(targets) // 2)


def _splitter(
    targets: npt.NDArray[Any], task: Task, most: int, random_state: int
) -> BaseCrossValidator:
    if task == "classification":
        return stratified_folds(targets, most, random_state)
    n_folds = _n_folds(targets, task, most)
    return KFold(n_folds, shuffle=True, random_state=random_state)
