"""What the all-layer estimators have in common: parameters, and how they fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from hybridml._checks import Problems, is_count, is_number
from hybridml._image_input import ImageInput
from hybridml._threads import one_blas_thread
from hybridml.backbones.cut_layer import CutLayer
from hybridml.features.extractor import DeepFeatureExtractor
from hybridml.features.store import FeatureStore
from hybridml.images.door import as_images
from hybridml.transfer.all_layers.choosing import (
    FRACTIONS,
    STRENGTHS,
    Fold,
    score_choices,
)
from hybridml.transfer.all_layers.layer_features import join_layers
from hybridml.transfer.all_layers.selecting_head import SelectingHead
from hybridml.transfer.all_layers.tasks import Kind, make_task
from hybridml.transfer.cases.search_space import list_layers_to_try
from hybridml.transfer.stage_features import features_of_layers

if TYPE_CHECKING:
    from torch import nn


# A dataclass for its constructor alone: it stores the parameters, and nothing else.
@dataclass(eq=False, repr=False)
class AllLayersEstimator(ImageInput, BaseEstimator):
    """Base of the all-layer estimators; see `AllLayersClassifier`."""

    _kind: ClassVar[Kind]

    backbone: str | nn.Module = "efficientnet_lite0"
    _: KW_ONLY
    cut_layers: CutLayer = "all"
    pooling: str = "grid2"
    fractions: Sequence[float] = FRACTIONS
    strengths: Sequence[float] = STRENGTHS
    cv: int = 3
    scoring: Any = None
    weights: str | Path | None = "default"
    image_size: int | None = None
    in_channels: int = 3
    device: str = "auto"
    precision: str = "auto"
    store: str | Path | FeatureStore | None = "default"
    random_state: int = 0
    n_jobs: int | None = None
    verbose: int = 0

    def _images(self, X: Any) -> npt.NDArray[Any]:
        """Check the parameters, then open the images."""
        problems = Problems(type(self).__name__)
        for name in ("fractions", "strengths"):
            given = getattr(self, name)
            expected = "one or more numbers above 0, 1 at most"
            problems.expect(_are_shares(given), name, given, expected)
        is_cv = is_count(self.cv, minimum=2)
        problems.expect(is_cv, "cv", self.cv, "a whole number of folds, at least 2")
        problems.raise_all()
        return as_images(X, channels=self.in_channels)

    def _fit(
        self,
        images: npt.NDArray[Any],
        targets: npt.NDArray[Any],
        folds: Sequence[Fold],
    ) -> Self:
        self.__dict__.pop("head_", None)  # a fit that fails leaves nothing half new
        extractor = self._extractor()
        names = list_layers_to_try(self.cut_layers, extractor)
        features, columns = join_layers(features_of_layers(images, extractor, names))
        with one_blas_thread():
            self._choose(features, targets, folds)
            self._learn(features, columns, targets)
        self.extractor_ = self._extractor(self._kept_layers()).fit(images)
        return self

    def _choose(
        self,
        features: npt.NDArray[np.float32],
        targets: npt.NDArray[Any],
        folds: Sequence[Fold],
    ) -> None:
        self.results_ = score_choices(
            make_task(self._kind, self.random_state),
            features,
            targets,
            folds=folds,
            strengths=self.strengths,
            fractions=self.fractions,
            scoring=self.scoring,
            n_jobs=self.n_jobs,
        )
        self._best = self.results_.iloc[int(self.results_["score"].argmax())]
        self.strength_ = float(self._best["strength"])
        self.fraction_ = float(self._best["fraction"])
        self.best_score_ = float(self._best["score"])

    def _learn(
        self,
        features: npt.NDArray[np.float32],
        columns: pd.DataFrame,
        targets: npt.NDArray[Any],
    ) -> None:
        """Rank the features of all the images, and fit the head to the best of them."""
        selecting = SelectingHead(
            self._kind,
            strength=self.strength_,
            fraction=self.fraction_,
            params=self._best["params"],
            random_state=self.random_state,
        ).fit(features, targets)
        is_kept = np.isin(np.arange(len(columns)), selecting.kept_)
        self.relevance_ = columns.assign(relevance=selecting.relevance_, kept=is_kept)
        by_layer = self.relevance_.groupby("cut_layer", sort=False)
        self.kept_per_layer_ = by_layer["kept"].sum()
        self.head_ = selecting.head_

    def _kept(self, X: Any) -> npt.NDArray[np.float32]:
        """Features of images that the head looks at."""
        check_is_fitted(self, "head_")
        names = self._kept_layers()
        table = self.relevance_[self.relevance_["cut_layer"].isin(names)]
        widths = table.groupby("cut_layer", sort=False).size()
        features = self.extractor_.transform(as_images(X, channels=self.in_channels))
        parts = np.split(features, np.cumsum(widths)[:-1], axis=1)
        joined, _ = join_layers(zip(names, parts, strict=True))
        return joined[:, table["kept"].to_numpy()]

    def _kept_layers(self) -> list[str]:
        n_kept = self.kept_per_layer_
        return list(n_kept.index[n_kept > 0])

    def _extractor(self, cut_layer: CutLayer = "penultimate") -> DeepFeatureExtractor:
        return DeepFeatureExtractor(
            self.backbone,
            cut_layer=cut_layer,
            pooling=self.pooling,
            weights=self.weights,
            image_size=self.image_size,
            in_channels=self.in_channels,
            device=self.device,
            precision=self.precision,
            store=self.store,
            random_state=self.random_state,
            n_jobs=self.n_jobs,
            verbose=self.verbose,
        )


def _are_shares(given: object) -> bool:
    if not isinstance(given, Sequence | np.ndarray) or isinstance(given, str):
        return False
    return len(given) > 0 and all(is_number(g, high=1) and g != 0 for g in given)
