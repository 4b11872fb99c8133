"""The most relevant features of all the layers, as a scikit-learn regressor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import RegressorMixin
from sklearn.model_selection import KFold
from sklearn.utils import Tags

from hybridml._labels import check_numbers
from hybridml.exceptions import DataError
from hybridml.transfer.all_layers.estimator import AllLayersEstimator
from hybridml.transfer.all_layers.tasks import Kind

_MIN_IMAGES = 4  # two folds of two images: R2 needs two numbers


@dataclass(eq=False, repr=False)
class AllLayersRegressor(RegressorMixin, AllLayersEstimator):
    """Predict numbers from the most relevant features of all the layers of a network.

    It learns as `AllLayersClassifier` does, and has the same parameters: the group
    lasso loses squared errors, each number standardised, and the head is a ridge
    regression. Several numbers an image are predicted from the same features.

    Parameters
    ----------
    backbone, cut_layers, pooling
        Which features; see `AllLayersClassifier`, as for all the others.
    fractions, strengths, cv, scoring
        Which part of them is kept, and how it is chosen; by default for its R2.
    weights, image_size, in_channels, device, precision, store
        How they are computed.
    random_state, n_jobs, verbose
        How it runs.

    Attributes
    ----------
    relevance_ : DataFrame
        One row a feature: cut_layer, feature, relevance, kept.
    kept_per_layer_ : Series
    fraction_, strength_, best_score_ : float
    results_ : DataFrame
        One row a choice: strength, fraction, params, score, score_std.
    head_ : Pipeline
    extractor_ : DeepFeatureExtractor

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> brightness = np.linspace(20, 200, 24)
    >>> noise = rng.integers(0, 50, (24, 32, 32, 3))
    >>> X = (brightness[:, None, None, None] + noise).astype(np.uint8)
    >>> model = AllLayersRegressor("lenet5", weights=None, store=None)
    >>> bool(model.fit(X, brightness).score(X, brightness) > 0.5)
    True
    """

    _kind: ClassVar[Kind] = "regression"

    def fit(self, X: Any, y: Any) -> Self:
        """Rank the features, choose how many to keep, and fit the head to them.

        Parameters
        ----------
        X : sequence of n_images images
            As for `DeepFeatureExtractor`.
        y : array-like of shape (n_images,) or (n_images, n_targets)

        Returns
        -------
        self : AllLayersRegressor

        Raises
        ------
        InvalidParameterError, UnknownNameError, WeightsError
            If a parameter is wrong, or the score gives no number.
        DataError
            If images and numbers do not fit together, an image cannot be decoded, or
            there are fewer than four of them.
        """
        images = self._images(X)
        numbers = check_numbers(y, len(images))
        if len(numbers) < _MIN_IMAGES:
            message = f"Got {len(numbers)} images; expected at least {_MIN_IMAGES}."
            raise DataError(message)
        n_folds = min(self.cv, len(numbers) // 2)
        folds = KFold(n_folds, shuffle=True, random_state=self.random_state)
        return self._fit(images, numbers, list(folds.split(numbers)))

    def predict(self, X: Any) -> npt.NDArray[np.float64]:
        """Predicted numbers of each image, in the shape of `y` in fit."""
        kept = self._kept(X)
        return np.asarray(self.head_.predict(kept))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
