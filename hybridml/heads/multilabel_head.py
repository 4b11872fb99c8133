"""How a classifier of two classes comes to tell several labels an image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import check_array, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from hybridml.exceptions import DataError
from hybridml.heads._short_names import ShortNames
from hybridml.heads.calibrated_head import CalibratedHead


def _inside_has(method: str) -> Callable[[MultiLabelHead], bool]:
    return lambda head: hasattr(head.estimator, method)


class MultiLabelHead(ClassifierMixin, MetaEstimatorMixin, ShortNames):
    """A classifier for each label, which tells whether an image has it.

    A label that all the rows have, or none, is predicted so for every row: folds lack
    rare labels. Where the estimator is a `CalibratedHead`, which needs two examples of
    both kinds, the same goes for a label that all rows but one agree on.

    Parameters
    ----------
    estimator : classifier
        Its parameters can be set by their own names, too: ``set_params(C=1)`` is
        ``set_params(estimator__C=1)``.

    Attributes
    ----------
    estimators_ : list of (classifier or None)
        One a label; None where there was nothing to learn.
    shares_ : ndarray of shape (n_labels,), float64
        Share of the rows that have each label.
    classes_ : list of ndarray
        ``[0, 1]`` for each label, as in scikit-learn's multi-label forests.

    Examples
    --------
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = make_multilabel_classification(n_classes=3, random_state=0)
    >>> head = MultiLabelHead(LogisticRegression()).fit(X, y)
    >>> head.predict(X).shape, head.predict_proba(X).shape
    ((100, 3), (100, 3))
    """

    def __init__(self, estimator: Any):
        self.estimator = estimator

    def fit(self, X: Any, y: Any) -> Self:
        """Fit a classifier for each label.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
        y : array-like of shape (n_rows, n_labels)
            1 where a row has the label, else 0.

        Raises
        ------
        DataError
            If `y` is no table of 0 and 1.
        """
        present = _check_table(y)
        self.shares_ = present.mean(axis=0)
        self.classes_ = [np.arange(2)] * present.shape[1]
        n_needed = 2 if isinstance(self.estimator, CalibratedHead) else 1
        self.estimators_ = [
            clone(self.estimator).fit(X, column)
            if np.bincount(column, minlength=2).min() >= n_needed
            else None
            for column in present.T
        ]
        return self

    def predict(self, X: Any) -> npt.NDArray[np.int_]:
        """Predict a table of 0 and 1, of shape (n_rows, n_labels)."""
        return self._columns(
            X,
            lambda estimator: estimator.predict(X),
            lambda share: int(share > 0.5),
        ).astype(int)

    @available_if(_inside_has("predict_proba"))
    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Predict each label's probability, of shape (n_rows, n_labels)."""
        return self._columns(
            X,
            lambda estimator: estimator.predict_proba(X)[:, 1],
            lambda share: share,
        )

    @available_if(_inside_has("decision_function"))
    def decision_function(self, X: Any) -> npt.NDArray[np.float64]:
        """Score each label, of shape (n_rows, n_labels); above 0 where predicted."""
        return self._columns(
            X,
            lambda estimator: estimator.decision_function(X),
            lambda share: 1.0 if share > 0.5 else -1.0,
        )

    def _columns(
        self,
        X: Any,
        learned: Callable[[Any], npt.NDArray[Any]],
        constant: Callable[[float], float],
    ) -> npt.NDArray[np.float64]:
        check_is_fitted(self)
        n_rows = np.shape(X)[0]
        columns = [
            learned(estimator) if estimator is not None else [constant(share)] * n_rows
            for estimator, share in zip(self.estimators_, self.shares_, strict=True)
        ]
        return np.column_stack(columns).astype(np.float64)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = get_tags(self.estimator).input_tags.sparse
        tags.classifier_tags.multi_label = True
        tags.target_tags.single_output = False
        tags.target_tags.multi_output = True
        return tags


def _check_table(y: Any) -> npt.NDArray[np.int_]:
    table = np.asarray(y)
    if table.ndim != 2 or not np.isin(table, (0, 1)).all():
        raise DataError(
            f"Got y of shape {table.shape} and type {table.dtype}; expected a column "
            "of 0 and 1 for each label."
        )
    checked: npt.NDArray[np.int_] = check_array(table, dtype=int, input_name="y")
    return checked
