"""The layers of a network give a weighted mean, as a scikit-learn regressor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import RegressorMixin
from sklearn.utils import Tags

from hybridml.transfer.all_layers.tasks import Kind
from hybridml.transfer.layer_ensemble.estimator import LayerEnsemble
from hybridml.transfer.layer_ensemble.weights import Floats, weigh_numbers


@dataclass(eq=False, repr=False)
class LayerEnsembleRegressor(RegressorMixin, LayerEnsemble):
    """Predict numbers by a weighted mean of what the layers of a network say.

    It learns as `LayerEnsembleClassifier` does, by ridge regressions; the weights are
    those of the least squared error out of fold, the same for several numbers an image.

    Parameters
    ----------
    extractor : DeepFeatureExtractor
        Its `cut_layer` does not matter.
    cut_layers : "all", str, int, or sequence of str and int, default="all"
    cv : int, default=3
        Inner folds, stratified by bins of the numbers; fewer where images are few.
    random_state : int, default=0
    n_jobs : int or None, default=None

    Attributes
    ----------
    weights_, heads_, results_, extractor_
        As those of `LayerEnsembleClassifier`; the scores are R squared.

    Examples
    --------
    >>> from hybridml import DeepFeatureExtractor
    >>> rng = np.random.default_rng(0)
    >>> brightness = np.linspace(20, 200, 24)
    >>> noise = rng.integers(0, 50, (24, 64, 64, 3))
    >>> X = (brightness[:, None, None, None] + noise).astype(np.uint8)
    >>> extractor = DeepFeatureExtractor("lenet5", weights=None, store=None)
    >>> model = LayerEnsembleRegressor(extractor).fit(X, brightness)
    >>> bool(model.score(X, brightness) > 0.5)
    True
    """

    _kind: ClassVar[Kind] = "regression"
    _method: ClassVar[str] = "predict"

    def fit(self, X: Any, y: Any) -> Self:
        """Fit a head to each layer, and weigh them by what they say out of fold.

        Parameters
        ----------
        X : sequence of n_images images
            As for `DeepFeatureExtractor`.
        y : array-like of shape (n_images,) or (n_images, n_targets)

        Returns
        -------
        self : LayerEnsembleRegressor

        Raises
        ------
        InvalidParameterError, UnknownNameError, WeightsError
            If a parameter is wrong.
        DataError
            If there are fewer than four images, or anything but numbers.
        """
        self._fit(X, y)
        self._shape_of_one = np.shape(y)[1:]
        return self

    def predict(self, X: Any) -> npt.NDArray[np.float64]:
        """Predicted numbers of each image, in the shape of `y` in fit."""
        outputs = self._outputs(X)
        return outputs.reshape(len(outputs), *self._shape_of_one)

    def _weigh(self, outputs: Floats, targets: npt.NDArray[Any]) -> Floats:
        return weigh_numbers(outputs, targets.reshape(len(targets), -1))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
