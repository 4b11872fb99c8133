"""How cut layers, heads and their strengths are searched, by inner cross-validation."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils.validation import check_is_fitted

from hybridml._image_input import ImageInput
from hybridml._threads import one_blas_thread
from hybridml.backbones.cut_layer import CutLayer
from hybridml.comparing.splits import inner_folds
from hybridml.comparing.tasks import Task, check_targets
from hybridml.features.extractor import DeepFeatureExtractor
from hybridml.images.door import as_images
from hybridml.transfer.cases.head_search import check_search, search_head
from hybridml.transfer.cases.search_space import list_heads_to_try, list_layers_to_try
from hybridml.transfer.stage_features import features_of_layers


# A dataclass for its constructor alone: it stores the parameters, and nothing else.
@dataclass(eq=False, repr=False)
class LayerSearch(ImageInput, BaseEstimator, ABC):
    """Base of the searches of case 1; see `CutLayerSearch`."""

    extractor: DeepFeatureExtractor
    _: KW_ONLY
    cut_layers: CutLayer = "all"
    heads: str | Sequence[str] = ("linear_svm",)
    cv: int = 3
    scoring: Any = None
    random_state: int = 0
    n_jobs: int | None = None

    @abstractmethod
    def _head(self, name: str, task: Task, *, compared: bool) -> Pipeline:
        """Make a head, to be compared with others or to predict with."""

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Predict with the best pipeline, as its head does."""
        return np.asarray(self._fitted().predict(as_images(X)))

    def _fit(self, X: Any, y: Any, task: Task) -> Self:
        layers, heads = self._check(task)
        images = as_images(X)
        targets = check_targets(y, len(images), task, min_per_class=2)
        folds = inner_folds(targets, self.cv, self.random_state, task)
        rows = []
        for cut_layer, features in features_of_layers(images, self.extractor, layers):
            for head in heads:
                found = search_head(
                    head,
                    self._head(head, task, compared=True),
                    features,
                    targets,
                    task=task,
                    folds=folds,
                    scoring=self.scoring,
                    n_jobs=self.n_jobs,
                )
                rows.append({"cut_layer": cut_layer, "head": head, **found})
        self.results_ = pd.DataFrame(rows)
        best = rows[int(self.results_["score"].argmax())]
        self.best_cut_layer_, self.best_head_ = best["cut_layer"], best["head"]
        self.best_score_ = best["score"]
        extractor = clone(self.extractor).set_params(cut_layer=self.best_cut_layer_)
        head = self._head(self.best_head_, task, compared=False)
        pipeline = make_pipeline(extractor, head.set_params(**best["params"]))
        with one_blas_thread():
            self.best_estimator_ = pipeline.fit(images, targets)
        return self

    def _fitted(self) -> Pipeline:
        check_is_fitted(self, "best_estimator_")
        return self.best_estimator_

    def _check(self, task: Task) -> tuple[list[str], list[str]]:
        """Check the parameters; list the cut layers and the heads."""
        check_search(type(self).__name__, self.extractor, self.cv)
        heads = list_heads_to_try(self.heads, task)
        return list_layers_to_try(self.cut_layers, self.extractor), heads
