"""How strong a shallow head is to be: a grid on inner folds, on features in memory."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from joblib import parallel_config
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from hybridml._checks import Problems, describe, is_count
from hybridml._threads import one_blas_thread
from hybridml.comparing.splits import Fold
from hybridml.comparing.tasks import Task, default_scoring
from hybridml.exceptions import InvalidParameterError
from hybridml.features.extractor import DeepFeatureExtractor
from hybridml.heads.making import head_grid


def check_search(owner: str, extractor: object, cv: object) -> None:
    """Check what all searches on the features of layers are given.

    Raises
    ------
    InvalidParameterError
        If the extractor is none, or the number of folds is wrong.
    """
    problems = Problems(owner)
    is_cv = is_count(cv, minimum=2)
    problems.expect(is_cv, "cv", cv, "a whole number of folds, at least 2")
    is_extractor = isinstance(extractor, DeepFeatureExtractor)
    problems.expect(is_extractor, "extractor", extractor, "a DeepFeatureExtractor")
    problems.raise_all()


def search_head(
    name: str,
    head: Pipeline,
    features: npt.NDArray[np.float32],
    targets: npt.NDArray[Any],
    *,
    task: Task,
    folds: Sequence[Fold],
    scoring: Any = None,
    n_jobs: int | None = None,
) -> dict[str, Any]:
    """Find the parameters of a head that do best on folds; of equal ones the first.

    Parameters
    ----------
    name : str
        Of the head, by which its grid is found.
    head : Pipeline
    features : ndarray of shape (n_images, n_features)
    targets : ndarray of shape (n_images,) or (n_images, n_targets)
    task : {"classification", "multilabel", "regression"}
    folds : sequence of (train, test)
    scoring : str, callable or None, default=None
        None is that of the task.
    n_jobs : int or None, default=None
        Threads.

    Returns
    -------
    found : dict
        params, score and score_std.

    Raises
    ------
    InvalidParameterError
        If the score gives no number.
    """
    search = GridSearchCV(
        head,
        head_grid(name, task),
        scoring=default_scoring(task) if scoring is None else scoring,
        cv=list(folds),
        refit=False,
        error_score="raise",
    )
    threads = parallel_config(backend="threading", n_jobs=n_jobs)
    with one_blas_thread(), threads, warnings.catch_warnings():
        # A rare label is missing in some folds: its part of the score is then 0.
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        search.fit(features, targets)
    # Without a refit there is no best_index_: the first of equal scores is best.
    results = search.cv_results_
    scores = results["mean_test_score"]
    if not np.isfinite(scores).any():
        expected = "a score that is a number on these images"
        cure = "Are all the classes in every fold?"
        raise InvalidParameterError(describe("scoring", scoring, expected, cure))
    best = int(np.nanargmax(scores))
    return {
        "params": results["params"][best],
        "score": float(scores[best]),
        "score_std": float(results["std_test_score"][best]),
    }
