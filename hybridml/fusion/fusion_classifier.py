"""What the fusion classifiers say: classes or labels, and their probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils import Tags

from hybridml._labels import is_label_table
from hybridml.fusion.estimator import FusionEstimator
from hybridml.fusion.learning.targets import Targets
from hybridml.heads.catalogue import Task

if TYPE_CHECKING:
    from hybridml.fusion.reporting.modality_report import ModalityReport


class FusionClassifier(ClassifierMixin, FusionEstimator):
    """Mixin that predicts from the outputs of a fusion."""

    _targets: Targets

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Predict the class of each row, or a table of 0 and 1 for several labels.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_columns)
            With the columns of `fit`, in any order. Cells may be missing.

        Returns
        -------
        predicted : ndarray of shape (n_rows,) or (n_rows, n_labels)
        """
        outputs = self.predict_proba(X)
        return self._targets.predictions(outputs)

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Predict probabilities.

        Returns
        -------
        probabilities : ndarray of shape (n_rows, n_classes) or (n_rows, n_labels)
            Of the classes, in the order of `classes_`; of each label that it is there.
        """
        return self._outputs(self._encode(X))

    def modality_report(
        self, X: Any, y: Any, *, cv: Any = 5, scoring: Any = None
    ) -> ModalityReport:
        """Find out what each modality adds, from predictions out of fold.

        The estimator is cloned and fitted once a fold, and shown every set of
        modalities of the test rows.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_columns)
        y : array-like of shape (n_rows,) or (n_rows, n_labels)
        cv : int, splitter or iterable of (train, test), default=5
        scoring : str, callable or None, default=None
            None is accuracy, or f1_macro for several labels.

        Returns
        -------
        report : ModalityReport
        """
        from hybridml.fusion.reporting.modality_report import report_modalities

        task: Task = "multilabel" if is_label_table(y) else "classification"
        return report_modalities(self, X, y, task=task, cv=cv, scoring=scoring)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Compute the accuracy; for several labels the share of rows wholly right."""
        return float(accuracy_score(y, self.predict(X), sample_weight=sample_weight))

    def _note_classes(self, targets: Targets) -> Self:
        self.classes_: Any = targets.classes
        if targets.classes is None:
            self.classes_ = [np.arange(2)] * targets.n_outputs
        return self

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
