"""What the fusion regressors say: numbers."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt
from sklearn.base import RegressorMixin
from sklearn.utils import Tags

from hybridml.fusion.estimator import FusionEstimator
from hybridml.fusion.learning.targets import Targets


class FusionRegressor(RegressorMixin, FusionEstimator):
    """Mixin that predicts from the outputs of a fusion."""

    _targets: Targets

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Predict the number, or the numbers, of each row.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_columns)
            With the columns of `fit`, in any order. Cells may be missing.

        Returns
        -------
        predicted : ndarray of shape (n_rows,) or (n_rows, n_targets), float64
        """
        return self._targets.predictions(self._outputs(self._encode(X)))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
