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
from sklearn.utils import Tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from hybridml._labels import check_labels
from hybridml.backbones.registry import get_backbone
from hybridml.features.extractor import DeepFeatureExtractor
from hybridml.heads.making import head_grid, make_head
from hybridml.images.door import as_images
from hybridml.transfer.splits import stratified_folds


def _best_has(method: str) -> Callable[[Any], bool]:
    return lambda search: hasattr(search.best_estimator_, method)


class CutLayerSearch(ClassifierMixin, BaseEstimator):
    """Choose a cut layer, a head and the head's strength, then fit that pipeline.

    Each image goes through the backbone once: with a store, features of all the
    layers come from one pass, and the search runs on matrices.

    Parameters
    ----------
    extractor : DeepFeatureExtractor
        Its `cut_layer` is what is searched.
    cut_layers : "all" or sequence of str, default="all"
        "all" is every declared stage but the logits.
    heads : sequence of str, default=("linear_svm",)
        Names that `make_head` knows; each with its default grid.
    calibrate : bool, default=False
        Give the head of the best pipeline probabilities, where it has none by itself.
    cv : int, default=3
        Inner folds; fewer where a class has fewer images.
    scoring : str, callable or None, default=None
        As for `GridSearchCV`.
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
        One row a cut layer and head: cut_layer, head, params, score, score_std.
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
        cut_layers: str | Sequence[str] = "all",
        heads: Sequence[str] = ("linear_svm",),
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
        DataError
            If a class has fewer than two images: there is nothing to validate on.
        """
        images = as_images(X)
        labels = check_labels(y, len(images), min_per_class=2)
        self.classes_ = np.unique(labels)
        rows = []
        for cut_layer in self._layers():
            features = self._extractor(cut_layer).fit_transform(images)
            for head in self.heads:
                row = self._search_head(features, labels, head)
                rows.append({"cut_layer": cut_layer, **row})
        self.results_ = pd.DataFrame(rows)
        # On equal scores the first wins: the earliest cut, which is the cheapest.
        best = max(rows, key=lambda row: row["score"])
        self.best_cut_layer_, self.best_head_ = best["cut_layer"], best["head"]
        self.best_score_ = best["score"]
        head = self._head(self.best_head_, calibrate=self.calibrate)
        self.best_estimator_ = make_pipeline(
            self._extractor(self.best_cut_layer_), head.set_params(**best["params"])
        ).fit(images, labels)
        return self

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Predicted classes of shape (n_images,)."""
        return np.asarray(self._fitted().predict(as_images(X)))

    @available_if(_best_has("predict_proba"))
    def predict_proba(self, X: Any) -> npt.NDArray[Any]:
        """Class probabilities of shape (n_images, n_classes)."""
        return np.asarray(self._fitted().predict_proba(as_images(X)))

    @available_if(_best_has("decision_function"))
    def decision_function(self, X: Any) -> npt.NDArray[Any]:
        """Scores of the best head's decision function."""
        return np.asarray(self._fitted().decision_function(as_images(X)))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        return tags

    def _fitted(self) -> Pipeline:
        check_is_fitted(self, "best_estimator_")
        return self.best_estimator_

    def _layers(self) -> Sequence[str]:
        if isinstance(self.cut_layers, str):
            if self.cut_layers != "all":
                return [self.cut_layers]
            return get_backbone(self.extractor.backbone).stage_names[:-1]
        return self.cut_layers

    def _extractor(self, cut_layer: str) -> DeepFeatureExtractor:
        return clone(self.extractor).set_params(cut_layer=cut_layer)

    def _head(self, name: str, *, calibrate: bool = False) -> Pipeline:
        return make_head(name, calibrate=calibrate, random_state=self.random_state)

    def _search_head(
        self, features: npt.NDArray[np.float32], labels: npt.NDArray[Any], head: str
    ) -> dict[str, Any]:
        search = GridSearchCV(
            self._head(head),
            head_grid(head),
            scoring=self.scoring,
            cv=stratified_folds(labels, self.cv, self.random_state),
            refit=False,
            error_score="raise",
        )
        with parallel_config(backend="threading", n_jobs=self.n_jobs):
            search.fit(features, labels)
        # Without a refit there is no best_index_: the first of equal scores is best.
        results = search.cv_results_
        best = int(np.argmax(results["mean_test_score"]))
        return {
            "head": head,
            "params": results["params"][best],
            "score": float(results["mean_test_score"][best]),
            "score_std": float(results["std_test_score"][best]),
        }
