"""One transfer case on one task: the library's estimator, fitted and asked."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline

from advisor.task import Kind
from hybridml import FineTuneClassifier, FineTuneRegressor
from hybridml.heads.making import head_grid, make_head
from hybridml.images.door import as_images
from hybridml.transfer.cases import catalogue
from hybridml.transfer.cases.cut_layer_search import CutLayerSearch
from hybridml.transfer.cases.making import (
    CaseOptions,
    extractor_of,
    make_all_layers,
    make_case,
)
from hybridml.transfer.cases.search_space import list_layers_to_try
from hybridml.transfer.stage_features import features_of_layers

ZERO, ONE, LAST, ALL, ENSEMBLE, TWO, THREE, FOUR = CASES = (
    "0",
    "1",
    "1-penultimate",
    "1-all-layers",
    "1-ensemble",
    "2",
    "3",
    "4",
)
HEADS = ("linear_svm", "logistic")
INNER_FOLDS = 3
_LAYERS = {ONE: "all", LAST: "penultimate"}


@dataclass(frozen=True)
class Solution:
    """What a case predicts, how long it took, and what its fit knew.

    Attributes
    ----------
    predictions : ndarray of shape (n_judged,)
    fit_s, predict_s : float
        Seconds. Features that an earlier case left in the store are not computed again.
    facts : dict
        Of case 1: inner_score, best_layer, best_head and layers. Of cases 2 to 4:
        best_epoch and n_epochs.
    """

    predictions: npt.NDArray[Any]
    fit_s: float
    predict_s: float
    facts: dict[str, Any]


def cases_of(kind: Kind) -> list[str]:
    """List the cases that there are: a regression has no case 0."""
    return [case for case in CASES if kind == "classification" or case != ZERO]


def solve(
    case: str,
    kind: Kind,
    options: CaseOptions,
    learned: npt.NDArray[Any],
    targets: npt.NDArray[Any],
    asked: npt.NDArray[Any],
) -> Solution:
    """Fit a case to images and predict others.

    Parameters
    ----------
    case : str
        One of `CASES`.
    kind : {"classification", "regression"}
    options : CaseOptions
        Cut layers and heads are those of this benchmark, not those of the options.
    learned, asked : ndarray of shape (n_images, ...)
    targets : ndarray of shape (n_images,)
        Of the images to learn from.
    """
    estimator = _make(case, kind, options)
    started = time.perf_counter()
    estimator.fit(learned, targets)
    fitted = time.perf_counter()
    predictions = np.asarray(estimator.predict(asked))
    ended = time.perf_counter()
    return Solution(predictions, fitted - started, ended - fitted, _facts(estimator))


class RidgeSearch:
    """Case 1 of a regression: the cut layer and strength of a ridge, by inner folds.

    It has the attributes of `CutLayerSearch` that are recorded.
    """

    def __init__(self, options: CaseOptions, cut_layers: str) -> None:
        self.options = options
        self.cut_layers = cut_layers

    def fit(self, X: npt.NDArray[Any], y: npt.NDArray[Any]) -> RidgeSearch:
        """Search, and fit the best to all images."""
        extractor = extractor_of(self.options, "penultimate")
        layers = list_layers_to_try(self.cut_layers, extractor)
        rows = [
            {"cut_layer": layer, "head": "ridge", **self._search(features, y)}
            for layer, features in features_of_layers(as_images(X), extractor, layers)
        ]
        self.results_ = pd.DataFrame(rows)
        best = max(rows, key=lambda row: row["score"])
        self.best_cut_layer_, self.best_head_ = best["cut_layer"], best["head"]
        self.best_score_ = best["score"]
        head = make_head("ridge", task="regression").set_params(**best["params"])
        best_extractor = extractor_of(self.options, self.best_cut_layer_)
        self.best_estimator_ = make_pipeline(best_extractor, head).fit(X, y)
        return self

    def predict(self, X: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Predict the numbers of images."""
        return np.asarray(self.best_estimator_.predict(X))

    def _search(
        self, features: npt.NDArray[np.float32], y: npt.NDArray[Any]
    ) -> dict[str, Any]:
        folds = KFold(INNER_FOLDS, shuffle=True, random_state=self.options.random_state)
        ridge, grid = make_head("ridge", task="regression"), head_grid("ridge")
        search = GridSearchCV(ridge, grid, cv=folds, refit=False).fit(features, y)
        scores = search.cv_results_["mean_test_score"]
        best = int(scores.argmax())
        return {"params": search.cv_results_["params"][best], "score": scores[best]}


def _make(case: str, kind: Kind, options: CaseOptions) -> Any:
    if case == ALL:
        return make_all_layers(replace(options, task=kind))
    if case == ENSEMBLE:
        return make_case(1, replace(options, task=kind, cut_layer=catalogue.ENSEMBLE))
    if case not in _LAYERS:
        tuned = make_case(int(case), options)
        return _regressor(tuned) if kind == "regression" else tuned
    layers = _LAYERS[case]
    if kind == "regression":
        return RidgeSearch(options, layers)
    extractor, seed = extractor_of(options, "penultimate"), options.random_state
    return CutLayerSearch(
        extractor, cut_layers=layers, heads=HEADS, cv=INNER_FOLDS, random_state=seed
    )


def _regressor(tuned: Any) -> FineTuneRegressor:
    """Give a classifier's parameters to a regressor."""
    given = tuned.get_params(deep=False)
    own = FineTuneRegressor().get_params(deep=False)
    return FineTuneRegressor(**{name: given[name] for name in own})


def _facts(estimator: Any) -> dict[str, Any]:
    if isinstance(estimator, FineTuneClassifier | FineTuneRegressor):
        return {
            "best_epoch": int(estimator.best_epoch_),
            "n_epochs": int(estimator.n_epochs_),
        }
    if isinstance(estimator, CutLayerSearch | RidgeSearch):
        best = estimator.results_.groupby("cut_layer", sort=False)["score"].max()
        return {
            "inner_score": float(estimator.best_score_),
            "best_layer": estimator.best_cut_layer_,
            "best_head": estimator.best_head_,
            "layers": {layer: round(float(score), 4) for layer, score in best.items()},
        }
    return {}
