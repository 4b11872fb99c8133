"""One regressor over the transfer cases, so that a search can choose the case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import RegressorMixin
from sklearn.utils import Tags

from hybridml.transfer.transfer_estimator import TransferEstimator


@dataclass(eq=False, repr=False)
class TransferRegressor(RegressorMixin, TransferEstimator):
    """Predict numbers from images by one of the ways of transferring a network.

    ==== =========================================== ==================================
    case what is done                                with
    ==== =========================================== ==================================
    1    features at a cut layer and a shallow head  `DeepFeatureExtractor`, head
    2    the early layers frozen, the last two       `FineTuneRegressor`,
         fine-tuned                                  trainable="last2"
    3    everything fine-tuned                       `FineTuneRegressor`
    4    trained from scratch                        `FineTuneRegressor`, weights=None
    ==== =========================================== ==================================

    Case 0 of `TransferClassifier`, the network as it is, has outputs for classes only;
    ``case=1, cut_layer="logits"`` learns numbers from them.

    Parameters
    ----------
    backbone : str, default="efficientnet_lite0"
        One of `list_backbones()`.
    case : {1, 2, 3, 4}, default=1
    head : str or sequence of str, default="ridge"
        Case 1: one of ``list_heads("regression")``; of several the best is chosen.
    cut_layer, pooling, weights, image_size, device, precision, store, random_state, \
n_jobs, verbose
        As for `TransferClassifier`.
    epochs, augmentation
        Cases 2 to 4: see `FineTuneRegressor`.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator of the case.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV
    >>> rng = np.random.default_rng(0)
    >>> brightness = rng.permutation(np.linspace(20, 200, 24))
    >>> noise = rng.integers(0, 50, (24, 64, 64, 3))
    >>> X = (brightness[:, None, None, None] + noise).astype(np.uint8)
    >>> model = TransferRegressor(image_size=64, store=None, cut_layer="stem")
    >>> search = GridSearchCV(model, {"head": ["ridge", "linear_svm"]}, cv=2)
    >>> bool(search.fit(X, brightness).best_score_ > 0.5)
    True
    """

    _: KW_ONLY
    head: str | Sequence[str] = "ridge"

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the estimator of the case.

        Parameters
        ----------
        X : sequence of n_images images
            As for `DeepFeatureExtractor`.
        y : array-like of shape (n_images,) or (n_images, n_targets)
            Several numbers an image are learned together.

        Returns
        -------
        self : TransferRegressor

        Raises
        ------
        InvalidParameterError, UnknownNameError, WeightsError
            If a parameter is wrong.
        DataError
            If images and numbers do not fit together.
        """
        self._shape_of_one = self._fit(X, y, "regression").shape[1:]
        return self

    def predict(self, X: Any) -> npt.NDArray[np.float64]:
        """Predict the numbers of each image, in the shape of `y` in fit."""
        predicted = super().predict(X)
        return predicted.reshape(len(predicted), *self._shape_of_one)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
