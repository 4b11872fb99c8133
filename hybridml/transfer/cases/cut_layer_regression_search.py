"""Case 1's search for numbers: which cut layer, head and strength."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import RegressorMixin
from sklearn.pipeline import Pipeline
from sklearn.utils import Tags

from hybridml.comparing.tasks import Task
from hybridml.heads.making import make_head
from hybridml.transfer.cases.layer_search import LayerSearch


@dataclass(eq=False, repr=False)
class CutLayerRegressionSearch(RegressorMixin, LayerSearch):
    """Choose a cut layer, a head and its strength to predict numbers.

    It searches as `CutLayerSearch` does, by regression heads.

    Parameters
    ----------
    extractor : DeepFeatureExtractor
        Its `cut_layer` is what is searched.
    cut_layers : "all", str, int, or sequence of str and int, default="all"
        As for `CutLayerSearch`.
    heads : str or sequence of str, default=("ridge",)
        Of ``list_heads("regression")``; each with its default grid.
    cv : int, default=3
        Inner folds, stratified by bins of the numbers; fewer where images are few.
    scoring : str, callable or None, default=None
        As for `GridSearchCV`; None is R squared.
    random_state : int, default=0
    n_jobs : int or None, default=None
        Threads of the search.

    Attributes
    ----------
    best_estimator_, best_cut_layer_, best_head_, best_score_, results_
        As those of `CutLayerSearch`.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridml import DeepFeatureExtractor
    >>> rng = np.random.default_rng(0)
    >>> brightness = np.linspace(20, 200, 24)
    >>> noise = rng.integers(0, 50, (24, 64, 64, 3))
    >>> X = (brightness[:, None, None, None] + noise).astype(np.uint8)
    >>> extractor = DeepFeatureExtractor(image_size=64, store=None)
    >>> search = CutLayerRegressionSearch(extractor, cut_layers=["stem", "penultimate"])
    >>> bool(search.fit(X, brightness).best_score_ > 0.5)
    True
    """

    _: KW_ONLY
    heads: str | Sequence[str] = ("ridge",)

    def fit(self, X: Any, y: Any) -> Self:
        """Search on inner folds of the images given, then fit the best on all of them.

        Parameters
        ----------
        X : sequence of n_images images
        y : array-like of shape (n_images,) or (n_images, n_targets)

        Returns
        -------
        self : CutLayerRegressionSearch

        Raises
        ------
        InvalidParameterError, UnknownNameError, WeightsError
            If a parameter is wrong, or the score gives no number.
        DataError
            If there are fewer than four images, or anything but numbers.
        """
        self._fit(X, y, "regression")
        self._shape_of_one = np.shape(y)[1:]
        return self

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Predict the numbers of each image, in the shape of `y` in fit."""
        predicted = super().predict(X)
        return predicted.reshape(len(predicted), *self._shape_of_one)

    def _head(self, name: str, task: Task, *, compared: bool) -> Pipeline:
        return make_head(name, task=task, random_state=self.random_state)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
