"""How a head that only ranks (an SVM, ridge) comes to give probabilities."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin, MetaEstimatorMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.utils import column_or_1d, get_tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from hybridml.exceptions import DataError
from hybridml.heads._short_names import ShortNames


class CalibratedHead(ClassifierMixin, MetaEstimatorMixin, ShortNames):
    """A classifier with probabilities by Platt's sigmoid, small classes included.

    The sigmoid is fitted to out-of-fold decision values, then the classifier is
    refitted on all rows: ``max_folds + 1`` fits in all. Where the smallest class has
    fewer than `max_folds` members, as many folds are used as it has members.

    Parameters
    ----------
    estimator : classifier
        With a `decision_function`. Its parameters can be set by their own names, too:
        ``set_params(C=1)`` is ``set_params(estimator__C=1)``.
    max_folds : int, default=5
        Largest number of folds.
    n_jobs : int or None, default=None
        Folds fitted at the same time.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    calibrated_ : CalibratedClassifierCV
        The fitted classifier.
    n_folds_ : int
        Number of folds used.

    References
    ----------
    J. Platt, "Probabilistic outputs for support vector machines", in Advances in Large
    Margin Classifiers, 1999, section 2.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> from sklearn.svm import LinearSVC
    >>> X, y = make_blobs([2, 20], random_state=0)
    >>> head = CalibratedHead(LinearSVC()).fit(X, y)
    >>> head.n_folds_, head.predict_proba(X).shape
    (2, (22, 2))
    """

    def __init__(
        self, estimator: Any, *, max_folds: int = 5, n_jobs: int | None = None
    ):
        self.estimator = estimator
        self.max_folds = max_folds
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the classifier and its sigmoid.

        Raises
        ------
        DataError
            If there is one class only, or a class with a single member.
        """
        check_classification_targets(y)
        y = column_or_1d(y, warn=True)
        self.n_folds_ = _count_folds(y, self.max_folds)
        self.calibrated_ = CalibratedClassifierCV(
            self.estimator, cv=self.n_folds_, ensemble=False, n_jobs=self.n_jobs
        ).fit(X, y, sample_weight=sample_weight)
        self.classes_ = self.calibrated_.classes_
        return self

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Predict the most probable label of each row."""
        check_is_fitted(self)
        predicted: npt.NDArray[Any] = self.calibrated_.predict(X)
        return predicted

    def predict_proba(self, X: Any) -> npt.NDArray[np.floating]:
        """Predict the probability of each class, in the order of `classes_`."""
        check_is_fitted(self)
        probabilities: npt.NDArray[np.floating] = self.calibrated_.predict_proba(X)
        return probabilities

    @property
    def n_features_in_(self) -> int:
        """Number of features seen in `fit`."""
        return int(self.calibrated_.n_features_in_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = get_tags(self.estimator).input_tags.sparse
        return tags


def _count_folds(y: Any, at_most: int) -> int:
    classes, counts = np.unique(y, return_counts=True)
    if len(classes) < 2:
        raise DataError(
            f"Got y with {len(classes)} class; expected at least 2 classes."
        )
    if counts.min() < 2:
        rare = classes[counts.argmin()].item()
        raise DataError(
            f"Got y with a single example of class {rare!r}; expected at least 2 to "
            "calibrate. Add examples or use calibrate=False."
        )
    return int(min(at_most, counts.min()))
