"""Case 1's search: which cut layer, head and strength, by inner cross-validation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import parallel_config
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from hybridml._checks import Problems, describe, is_count
from hybridml._image_input import ImageInput
from hybridml._labels import check_labels
from hybridml._threads import one_blas_thread
from hybridml.backbones.cut_layer import CutLayer
from hybridml.exceptions import InvalidParameterError
from hybridml.features.extractor import DeepFeatureExtractor
from hybridml.heads.making import head_grid, make_head
from hybridml.images.door import as_images
from hybridml.transfer.cases.search_space import list_heads_to_try, list_layers_to_try
from hybridml.transfer.scoring import scores_probabilities
from hybridml.transfer.splits import stratified_folds
from hybridml.transfer.stage_features import features_of_layers


def _can(method: str) -> Callable[[CutLayerSearch], bool]:
    """Whether the best pipeline has a method; before fitting, whether all would."""

    def check(search: CutLayerSearch) -> bool:
        if hasattr(search, "best_estimator_"):
            return hasattr(search.best_estimator_, method)
        names = list_heads_to_try(search.heads)
        heads = [make_head(name, calibrate=search.calibrate) for name in names]
        return all(hasattr(head, method) for head in heads)

    return check


class CutLayerSearch(ImageInput, ClassifierMixin, BaseEstimator):
    """Choose a cut layer, a head and the head's strength, then fit that pipeline.

    Each image goes through the backbone once: with a store, features of all the
    layers come from one pass, and the search runs on matrices.

    Parameters
    ----------
    extractor : DeepFeatureExtractor
        Its `cut_layer` is what is searched.
    cut_layers : "all", str, int, or sequence of str and int, default="all"
        "all" is every declared stage that the weights reach, but the logits. A number
        is the position of a stage.
    heads : str or sequence of str, default=("linear_svm",)
        Names that `make_head` knows; each with its default grid.
    calibrate : bool, default=False
        Give the head of the best pipeline probabilities, where it has none by itself.
    cv : int, default=3
        Inner folds; fewer where a class has fewer images.
    scoring : str, callable or None, default=None
        As for `GridSearchCV`; None is the accuracy. A score of probabilities calibrates
        the heads that are compared.
    random_state : int, default=0
    n_jobs : int or None, default=None
        Threads of the search.

    Attributes
    ----------
    best_estimator_ : Pipeline
        Extractor and head, fitted on all the images.
    best_cut_layer_, best_head_ : str
    best_score_ : float
        Mean inner score of the best.
    results_ : DataFrame
        One row a cut layer and head: cut_layer, head, params, score, score_std. Stages
        stand from the input to the output; of equal scores the first one wins, which is
        the cheapest.
    classes_ : ndarray of shape (n_classes,)

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> dark, light = rng.integers(0, 99, (2, 6, 64, 64, 3), dtype=np.uint8)
    >>> X, y = np.concatenate([dark, light + 150]), ["dark"] * 6 + ["light"] * 6
    >>> extractor = DeepFeatureExtractor(image_size=64, store=None)
    >>> search = CutLayerSearch(extractor, cut_layers=["stem", "penultimate"])
    >>> search.fit(X, y).score(X, y)
    1.0
    """

    def __init__(
        self,
        extractor: DeepFeatureExtractor,
        *,
        cut_layers: CutLayer = "all",
        heads: str | Sequence[str] = ("linear_svm",),
        calibrate: bool = False,
        cv: int = 3,
        scoring: Any = None,
        random_state: int = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.extractor = extractor
        self.cut_layers = cut_layers
        self.heads = heads
        self.calibrate = calibrate
        self.cv = cv
        self.scoring = scoring
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any) -> CutLayerSearch:
        """Search on inner folds of the images given, then fit the best on all of them.

        Parameters
        ----------
        X : sequence of n_images images
        y : array-like of shape (n_images,)

        Returns
        -------
        self : CutLayerSearch

        Raises
        ------
        InvalidParameterError, UnknownNameError, WeightsError
            If a parameter is wrong, or the score gives no number.
        DataError
            If a class has fewer than two images: there is nothing to validate on.
        """
        layers, heads = self._check()
        images = as_images(X)
        labels = check_labels(y, len(images), min_per_class=2)
        self.classes_ = np.unique(labels)
        rows = []
        for cut_layer, features in features_of_layers(images, self.extractor, layers):
            for head in heads:
                row = self._search_head(features, labels, head)
                rows.append({"cut_layer": cut_layer, **row})
        self.results_ = pd.DataFrame(rows)
        best = rows[int(self.results_["score"].argmax())]
        self.best_cut_layer_, self.best_head_ = best["cut_layer"], best["head"]
        self.best_score_ = best["score"]
        head = self._head(self.best_head_, calibrate=self.calibrate)
        pipeline = make_pipeline(
            self._extractor(self.best_cut_layer_), head.set_params(**best["params"])
        )
        with one_blas_thread():
            self.best_estimator_ = pipeline.fit(images, labels)
        return self

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Predicted classes of shape (n_images,)."""
        return np.asarray(self._fitted().predict(as_images(X)))

    @available_if(_can("predict_proba"))
    def predict_proba(self, X: Any) -> npt.NDArray[Any]:
        """Class probabilities of shape (n_images, n_classes)."""
        return np.asarray(self._fitted().predict_proba(as_images(X)))

    @available_if(_can("decision_function"))
    def decision_function(self, X: Any) -> npt.NDArray[Any]:
        """Scores of the best head's decision function."""
        return np.asarray(self._fitted().decision_function(as_images(X)))

    def _fitted(self) -> Pipeline:
        check_is_fitted(self, "best_estimator_")
        return self.best_estimator_

    def _check(self) -> tuple[list[str], list[str]]:
        """Check the parameters; list the cut layers and the heads."""
        problems = Problems(type(self).__name__)
        is_cv = is_count(self.cv, minimum=2)
        problems.expect(is_cv, "cv", self.cv, "a whole number of folds, at least 2")
        is_extractor = isinstance(self.extractor, DeepFeatureExtractor)
        expected = "a DeepFeatureExtractor"
        problems.expect(is_extractor, "extractor", self.extractor, expected)
        problems.raise_all()
        heads = list_heads_to_try(self.heads)
        return list_layers_to_try(self.cut_layers, self.extractor), heads

    def _extractor(self, cut_layer: str) -> DeepFeatureExtractor:
        copied: DeepFeatureExtractor = clone(self.extractor)
        return copied.set_params(cut_layer=cut_layer)  # type: ignore[no-any-return]

    def _head(self, name: str, *, calibrate: bool = False) -> Pipeline:
        return make_head(name, calibrate=calibrate, random_state=self.random_state)

    def _search_head(
        self, features: npt.NDArray[np.float32], labels: npt.NDArray[Any], head: str
    ) -> dict[str, Any]:
        needs_probabilities = self.scoring is not None and scores_probabilities(
            self.scoring
        )
        search = GridSearchCV(
            self._head(head, calibrate=needs_probabilities),
            head_grid(head),
            scoring=self.scoring,
            cv=stratified_folds(labels, self.cv, self.random_state),
            refit=False,
            error_score="raise",
        )
        threads = parallel_config(backend="threading", n_jobs=self.n_jobs)
        with one_blas_thread(), threads:
            search.fit(features, labels)
        # Without a refit there is no best_index_: the first of equal scores is best.
        results = search.cv_results_
        scores = results["mean_test_score"]
        if not np.isfinite(scores).any():
            cure = "Are all the classes in every fold?"
            expected = "a score that is a number on these images"
            raise InvalidParameterError(
                describe("scoring", self.scoring, expected, cure)
            )
        best = int(np.nanargmax(scores))
        return {
            "head": head,
            "params": results["params"][best],
            "score": float(scores[best]),
            "score_std": float(results["std_test_score"][best]),
        }
