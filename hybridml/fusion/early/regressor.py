"""Early fusion that predicts numbers."""

from __future__ import annotations

from typing import Any, Self

from hybridml.fusion.early.estimator import EarlyFusion
from hybridml.fusion.fusion_regressor import FusionRegressor
from hybridml.fusion.learning.targets import number_targets


class EarlyFusionRegressor(FusionRegressor, EarlyFusion):
    """Features of all modalities side by side, and one head for numbers.

    As `EarlyFusionClassifier`, which tells how blocks are scaled, weighted, and what
    becomes of rows that lack modalities.

    Parameters
    ----------
    modalities : list of (name, encoder, columns)
    head : "auto", str, regressor, or list of them, default="auto"
        By name ("ridge", "linear_svm", "rbf_svm", "xgboost") or as it is. "auto" is
        "ridge", up to 3,000 rows also "rbf_svm".
    weights : "auto", "equal" or dict, default="auto"
    n_components : int, float, dict or None, default=None
    missing : {"submodels", "zero"}, default="submodels"
    cv : int, default=3
    random_state : int, default=0

    Attributes
    ----------
    weights_, head_, encoders_, n_features_in_, feature_names_in_
        As of `EarlyFusionClassifier`.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"rooms": [1, 2, 3, 4] * 3, "note": ["old", "new"] * 6})
    >>> y = [10.0, 25.0, 30.0, 45.0] * 3
    >>> model = EarlyFusionRegressor(
    ...     [("size", "tabular", ["rooms"]), ("note", "text", "note")]
    ... )
    >>> bool(model.fit(X, y).score(X, y) > 0.95)
    True
    """

    def __init__(
        self,
        modalities: Any,
        *,
        head: Any = "auto",
        weights: Any = "auto",
        n_components: Any = None,
        missing: str = "submodels",
        cv: int = 3,
        random_state: int = 0,
    ) -> None:
        self.modalities = modalities
        self.head = head
        self.weights = weights
        self.n_components = n_components
        self.missing = missing
        self.cv = cv
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Fit encoders, weights and heads.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_columns)
        y : array-like of shape (n_rows,) or (n_rows, n_targets)

        Raises
        ------
        InvalidParameterError, UnknownHeadError
            If a parameter is wrong.
        DataError
            If X lacks columns, or targets do not suit.
        """
        frame = self._frame(X, reset=True)
        return self._fit(frame, number_targets(y, len(frame)))
