"""What the estimators over the transfer cases have in common."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from hybridml._image_input import ImageInput
from hybridml.backbones.cut_layer import CutLayer
from hybridml.comparing.tasks import Task, check_targets
from hybridml.features.store import FeatureStore
from hybridml.images.door import as_images
from hybridml.images.policies import Augmentation
from hybridml.transfer.cases.making import CaseOptions, make_case


# A dataclass for its constructor alone: it stores the parameters, and nothing else.
@dataclass(eq=False, repr=False)
class TransferEstimator(ImageInput, BaseEstimator, ABC):
    """Base of the estimators over the cases; see `TransferClassifier`."""

    backbone: str = "efficientnet_lite0"
    _: KW_ONLY
    case: int = 1
    head: str | Sequence[str] = "linear_svm"
    cut_layer: CutLayer = "penultimate"
    pooling: str = "mean"
    weights: str | Path | None = "default"
    image_size: int | None = None
    epochs: str | int = "auto"
    augmentation: Augmentation = "standard"
    device: str = "auto"
    precision: str = "auto"
    store: str | Path | FeatureStore | None = "default"
    random_state: int = 0
    n_jobs: int | None = None
    verbose: int = 0

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Predict what was learned, in the shape of `y` in fit."""
        return self._apply("predict", X)

    def _fit(self, X: Any, y: Any, task: Task) -> npt.NDArray[Any]:
        """Fit the estimator of the case, and return the targets as an array."""
        estimator = self._make(task)
        images = as_images(X)
        targets = check_targets(y, len(images), task)
        self.estimator_ = estimator.fit(images, targets)
        return targets

    def _apply(self, method: str, X: Any) -> npt.NDArray[Any]:
        check_is_fitted(self, "estimator_")
        return np.asarray(getattr(self.estimator_, method)(as_images(X)))

    def _make(self, task: Task) -> Any:
        options = {k: v for k, v in self.get_params(deep=False).items() if k != "case"}
        return make_case(self.case, CaseOptions(**options, task=task))
