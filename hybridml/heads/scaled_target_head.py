"""How a regressor whose settings depend on the target's unit is freed from it."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import MetaEstimatorMixin, RegressorMixin, clone
from sklearn.multioutput import MultiOutputRegressor
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_array, get_tags
from sklearn.utils.validation import check_is_fitted

from hybridml.exceptions import DataError
from hybridml.heads._short_names import ShortNames


class ScaledTargetHead(RegressorMixin, MetaEstimatorMixin, ShortNames):
    """A regressor that learns from targets of mean 0 and variance 1.

    Support vector regression bounds its coefficients by `C` and ignores errors below
    `epsilon`: both are in the unit of the target, so that no default suits both cell
    counts and prices. Predictions come back in the unit of `y`. Several targets are
    learned one by one, each by a regressor of its own.

    Parameters
    ----------
    estimator : regressor
        Its parameters can be set by their own names, too: ``set_params(C=1)`` is
        ``set_params(estimator__C=1)``.

    Attributes
    ----------
    regressor_ : regressor
        Fitted to the standardised targets; of several, a `MultiOutputRegressor`.
    scaler_ : StandardScaler
        Mean and variance of the targets.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from sklearn.svm import SVR
    >>> X, y = make_regression(n_features=5, random_state=0)
    >>> head = ScaledTargetHead(SVR(C=10))
    >>> a, b = head.fit(X, y).predict(X), head.fit(X, y * 1000).predict(X)
    >>> bool(abs(a - b / 1000).max() < 0.01 * y.std())
    True
    """

    def __init__(self, estimator: Any):
        self.estimator = estimator

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn the target's mean and variance, then fit the regressor.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
        y : array-like of shape (n_rows,) or (n_rows, n_targets)
        sample_weight : array-like of shape (n_rows,) or None

        Raises
        ------
        DataError
            If `y` is None.
        """
        if y is None:
            raise DataError("Got y=None; expected numbers: y should be a 1d array.")
        y = check_array(y, ensure_2d=False, input_name="y")
        table = y.reshape(len(y), -1)
        self.scaler_ = StandardScaler().fit(table, sample_weight=sample_weight)
        targets = self.scaler_.transform(table).reshape(y.shape)
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        regressor = clone(self.estimator)
        if y.ndim == 2:
            regressor = MultiOutputRegressor(regressor)
        self.regressor_ = regressor.fit(X, targets, **weights)
        return self

    def predict(self, X: Any) -> npt.NDArray[np.floating]:
        """Predict in the unit of the targets given to `fit`, and in their shape."""
        check_is_fitted(self)
        targets = self.regressor_.predict(X)
        table = targets.reshape(-1, self.scaler_.n_features_in_)
        predicted: npt.NDArray[np.floating] = self.scaler_.inverse_transform(table)
        return predicted.reshape(targets.shape)

    @property
    def n_features_in_(self) -> int:
        """Number of features seen in `fit`."""
        return int(self.regressor_.n_features_in_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.input_tags.sparse = get_tags(self.estimator).input_tags.sparse
        return tags
