"""Late fusion that predicts numbers."""

from __future__ import annotations

from typing import Any, Self

from hybridml.fusion.fusion_regressor import FusionRegressor
from hybridml.fusion.late.estimator import LateFusion
from hybridml.fusion.learning.targets import number_targets


class LateFusionRegressor(FusionRegressor, LateFusion):
    """A regressor for each modality, and a combination of what they say.

    As `LateFusionClassifier`, which tells what is learned out of fold and what becomes
    of rows that lack modalities.

    Parameters
    ----------
    modalities : list of (name, encoder or estimator, columns)
    combine : {"stack", "weighted", "mean"}, default="stack"
        "weighted" has the least squared error; "stack" is a ridge regression.
    head : "auto", str, regressor, or list of them, default="auto"
        "auto" is "ridge", up to 3,000 rows also "rbf_svm", and for "tabular" "xgboost".
    final_estimator : regressor or None, default=None
    cv : int, default=5
    random_state : int, default=0

    Attributes
    ----------
    members_, out_of_fold_, weights_, n_features_in_, feature_names_in_
        As of `LateFusionClassifier`.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"rooms": [1, 2, 3, 4] * 5, "note": ["old", "new"] * 10})
    >>> y = [10.0, 25.0, 30.0, 45.0] * 5
    >>> model = LateFusionRegressor(
    ...     [("size", "tabular", ["rooms"]), ("note", "text", "note")], head="ridge"
    ... )
    >>> bool(model.fit(X, y).score(X, y) > 0.9)
    True
    """

    def __init__(
        self,
        modalities: Any,
        *,
        combine: str = "stack",
        head: Any = "auto",
        final_estimator: Any = None,
        cv: int = 5,
        random_state: int = 0,
    ) -> None:
        self.modalities = modalities
        self.combine = combine
        self.head = head
        self.final_estimator = final_estimator
        self.cv = cv
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Fit a regressor for each modality, and their combination.

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
        return self._fit(frame, number_targets(y, len(frame)), calibrate=False)
