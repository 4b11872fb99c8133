"""What the fusion regressors say: numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy.typing as npt
from sklearn.base import RegressorMixin
from sklearn.utils import Tags

from hybridml.fusion.estimator import FusionEstimator
from hybridml.fusion.learning.targets import Targets

if TYPE_CHECKING:
    from hybridml.fusion.reporting.modality_report import ModalityReport


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
        outputs = self._outputs(self._encode(X))
        return self._targets.predictions(outputs)

    def modality_report(
        self, X: Any, y: Any, *, cv: Any = 5, scoring: Any = None
    ) -> ModalityReport:
        """Find out what each modality adds, from predictions out of fold.

        As `EarlyFusionClassifier.modality_report`; the score is r2 by default.
        """
        from hybridml.fusion.reporting.modality_report import report_modalities

        return report_modalities(self, X, y, task="regression", cv=cv, scoring=scoring)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
