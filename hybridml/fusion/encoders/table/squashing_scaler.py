"""Scaling numbers by their middle half, and bending those that lie far outside."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

BOUND = 3.0
_ROUNDING = 1e-12  # a spread below this part of the values is none


class SquashingScaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Centre by the median, divide by the spread of the middle half, bend the rest.

    One wild value neither squeezes the others together nor dominates what is learned:
    nothing lies beyond 3. Where the middle half is constant, half the range is the
    spread; a constant column becomes zero. Missing values stay missing.

    Attributes
    ----------
    center_, scale_ : ndarray of shape (n_features,)
        What is subtracted and divided by; 0 stands for a constant column.

    References
    ----------
    D. Holzmüller, L. Grinsztajn, I. Steinwart, "Better by Default: Strong Pre-Tuned
    MLPs and Boosted Trees on Tabular Data", 2024, section 3.1 (robust scaling and
    smooth clipping).

    Examples
    --------
    >>> prices = np.array([[1.0], [2.0], [3.0], [4.0], [1e9]])
    >>> SquashingScaler().fit_transform(prices).round(1).ravel().tolist()
    [-0.9, -0.5, 0.0, 0.5, 3.0]
    """

    def fit(self, X: Any, y: Any = None) -> SquashingScaler:
        """Learn the medians and spreads.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
        y : ignored

        Returns
        -------
        self : SquashingScaler
        """
        values = self._check(X, reset=True)
        low, quarter, middle, three_quarters, high = np.nanquantile(
            values, (0, 0.25, 0.5, 0.75, 1), axis=0
        )
        least = _ROUNDING * np.maximum(np.abs(low), np.abs(high))
        half, whole = three_quarters - quarter, (high - low) / 2
        spread = np.where(half > least, half, whole)
        self.center_ = middle
        self.scale_ = np.where(spread > least, spread, 0.0)
        return self

    def transform(self, X: Any) -> npt.NDArray[np.float64]:
        """Scale and bend.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)

        Returns
        -------
        scaled : ndarray of shape (n_rows, n_features)
            Between -3 and 3.
        """
        check_is_fitted(self)
        centred = self._check(X, reset=False) - self.center_
        inverse = np.divide(
            1.0, self.scale_, out=np.zeros_like(self.scale_), where=self.scale_ > 0
        )
        scaled = centred * inverse
        bent: npt.NDArray[np.float64] = scaled / np.hypot(1.0, scaled / BOUND)
        return bent

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _check(self, X: Any, *, reset: bool) -> npt.NDArray[Any]:
        values: npt.NDArray[Any] = validate_data(
            self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan"
        )
        return values
