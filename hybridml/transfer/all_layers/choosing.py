"""How many of the relevant features to keep: inner cross-validation decides."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.metrics import check_scoring
from sklearn.model_selection import ParameterGrid

from hybridml._checks import describe
from hybridml.exceptions import InvalidParameterError
from hybridml.transfer.all_layers.group_lasso import GroupLasso, group_lasso_path

STRENGTHS = (0.1, 0.03)
FRACTIONS = (0.05, 0.2, 0.5, 1.0)

Fold = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]


@dataclass(frozen=True)
class Task:
    """What is learned from the features, and by which head.

    Attributes
    ----------
    loss : str
        Of the group lasso.
    outputs : callable
        Gives the table that the group lasso learns for some targets.
    head : estimator
        Unfitted.
    grid : dict of {str: list}
        The head's parameters to choose from.
    """

    loss: str
    outputs: Callable[[npt.NDArray[Any]], npt.NDArray[np.float64]]
    head: Any
    grid: dict[str, list[Any]]

    def rank(
        self,
        features: npt.NDArray[np.float32],
        targets: npt.NDArray[Any],
        strengths: Sequence[float],
    ) -> list[GroupLasso]:
        """Fit a group lasso for each strength."""
        outputs = self.outputs(targets)
        return group_lasso_path(features, outputs, loss=self.loss, strengths=strengths)

    def head_with(self, params: dict[str, Any]) -> Any:
        """Return a new head with some parameters of the grid."""
        return clone(self.head).set_params(**params)


def score_choices(
    task: Task,
    features: npt.NDArray[np.float32],
    targets: npt.NDArray[Any],
    *,
    folds: Sequence[Fold],
    strengths: Sequence[float],
    fractions: Sequence[float],
    scoring: Any,
    n_jobs: int | None,
) -> pd.DataFrame:
    """Score each strength, fraction and head on folds.

    The features are ranked on the training part of each fold.

    Returns
    -------
    results : DataFrame
        One row a choice: strength, fraction, params, score, score_std; the smallest
        fractions and strongest penalties first.

    Raises
    ------
    InvalidParameterError
        If the score gives no number.
    """
    choices = _list_choices(strengths, fractions, task.grid)
    work = delayed(_score_fold)
    threads = Parallel(n_jobs=n_jobs, backend="threading")
    scores = np.array(
        threads(work(task, features, targets, f, choices, scoring) for f in folds)
    )
    if not np.isfinite(scores.mean(axis=0)).any():
        expected = "a score that is a number on these images"
        raise InvalidParameterError(describe("scoring", scoring, expected))
    results = pd.DataFrame(choices, columns=["strength", "fraction", "params"])
    return results.assign(score=scores.mean(axis=0), score_std=scores.std(axis=0))


def keep_best(ranking: npt.NDArray[np.intp], fraction: float) -> npt.NDArray[np.intp]:
    """Positions of the first part of a ranking, at least one, in rising order.

    Examples
    --------
    >>> keep_best(np.array([3, 1, 0, 2]), 0.5)
    array([1, 3])
    """
    n_kept = max(1, math.ceil(fraction * len(ranking) - 1e-9))
    return np.sort(ranking[:n_kept])


def _list_choices(
    strengths: Sequence[float],
    fractions: Sequence[float],
    grid: dict[str, list[Any]],
) -> list[tuple[float, float, dict[str, Any]]]:
    """All choices; where everything is kept the ranking does not matter."""
    strongest_first = sorted(set(strengths), reverse=True)
    return [
        (strength, fraction, params)
        for fraction, strength in product(sorted(set(fractions)), strongest_first)
        if fraction < 1 or strength == strongest_first[0]
        for params in ParameterGrid(grid)
    ]


def _score_fold(
    task: Task,
    features: npt.NDArray[np.float32],
    targets: npt.NDArray[Any],
    fold: Fold,
    choices: list[tuple[float, float, dict[str, Any]]],
    scoring: Any,
) -> list[float]:
    train, test = fold
    strengths = list(dict.fromkeys(strength for strength, *_ in choices))
    fitted = task.rank(features[train], targets[train], strengths)
    rankings = {lasso.strength: lasso.ranking for lasso in fitted}
    scorer = check_scoring(task.head, scoring)
    scores = []
    for strength, fraction, params in choices:
        kept = keep_best(rankings[strength], fraction)
        head = task.head_with(params).fit(features[np.ix_(train, kept)], targets[train])
        score = scorer(head, features[np.ix_(test, kept)], targets[test])
        scores.append(float(score))
    return scores
