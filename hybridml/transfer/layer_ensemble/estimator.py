"""What the ensembles of layers have in common: parameters, and how they fit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import cross_val_predict
from sklearn.utils.validation import check_is_fitted

from hybridml._image_input import ImageInput
from hybridml._threads import one_blas_thread
from hybridml.backbones.cut_layer import CutLayer
from hybridml.comparing.splits import inner_folds
from hybridml.comparing.tasks import check_targets
from hybridml.features.extractor import DeepFeatureExtractor
from hybridml.images.door import as_images
from hybridml.transfer.all_layers.layer_features import Layer, join_layers
from hybridml.transfer.all_layers.tasks import Kind
from hybridml.transfer.cases.catalogue import ALL_LAYERS
from hybridml.transfer.cases.head_search import check_search
from hybridml.transfer.cases.search_space import list_layers_to_try
from hybridml.transfer.layer_ensemble.members import Problem, choose_member
from hybridml.transfer.layer_ensemble.weights import Floats
from hybridml.transfer.stage_features import features_of_layers


# A dataclass for its constructor alone: it stores the parameters, and nothing else.
@dataclass(eq=False, repr=False)
class LayerEnsemble(ImageInput, BaseEstimator, ABC):
    """Base of the ensembles; see `LayerEnsembleClassifier`."""

    _kind: ClassVar[Kind]
    _method: ClassVar[str]  # of a member, by which it says what is averaged

    extractor: DeepFeatureExtractor
    _: KW_ONLY
    cut_layers: CutLayer = "all"
    cv: int = 3
    random_state: int = 0
    n_jobs: int | None = None

    @abstractmethod
    def _weigh(self, outputs: Floats, targets: npt.NDArray[Any]) -> Floats:
        """Find the members' weights by outputs of (n_members, n_images, n_outputs)."""

    def _fit(self, X: Any, y: Any) -> npt.NDArray[Any]:
        """Fit and weigh the members; return the targets."""
        self.__dict__.pop("weights_", None)  # a fit that fails leaves nothing half new
        check_search(type(self).__name__, self.extractor, self.cv)
        layers = list_layers_to_try(self.cut_layers, self.extractor)
        images = as_images(X)
        targets = check_targets(y, len(images), self._kind, min_per_class=2)
        folds = inner_folds(targets, self.cv, self.random_state, self._kind)
        problem = Problem(self._kind, targets, folds, self.random_state, self.n_jobs)
        rows, outputs, heads = [], [], {}
        found = features_of_layers(images, self.extractor, layers)
        for name, features in _and_joined(found):
            head, inner = choose_member(name, features, problem)
            with one_blas_thread():
                said = cross_val_predict(
                    head, features, targets, cv=folds, method=self._method
                )
                heads[name] = head.fit(features, targets)
            rows.append({"cut_layer": name, **inner})
            outputs.append(_as_table(said))
        weights = self._weigh(np.stack(outputs), targets)
        extractor = clone(self.extractor).set_params(cut_layer=layers)
        self.extractor_, self.heads_ = extractor.fit(images), heads
        self.results_ = pd.DataFrame(rows).assign(weight=weights)
        self.weights_ = self.results_.set_index("cut_layer")["weight"]
        return targets

    def _outputs(self, X: Any) -> Floats:
        """Average what the members say of images: (n_images, n_outputs)."""
        check_is_fitted(self, "weights_")
        features = self.extractor_.transform(as_images(X))
        names = [name for name in self.heads_ if name != ALL_LAYERS]
        ends = np.cumsum([self.heads_[name].n_features_in_ for name in names])
        parts = np.split(features, ends[:-1], axis=1)
        layers = _and_joined(zip(names, parts, strict=True))
        said = [
            self.weights_[name] * _as_table(getattr(self.heads_[name], self._method)(p))
            for name, p in layers
        ]
        return np.asarray(np.sum(said, axis=0))


def _and_joined(layers: Iterable[Layer]) -> Iterator[Layer]:
    """Yield layers, and at last, where there are several, all of them side by side."""
    seen = []
    for layer in layers:
        seen.append(layer)
        yield layer
    if len(seen) > 1:
        table, _ = join_layers(seen)
        yield ALL_LAYERS, table


def _as_table(said: npt.NDArray[Any]) -> Floats:
    return np.asarray(said, dtype=np.float64).reshape(len(said), -1)
