"""A head that learns from the most relevant columns of a table of features."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator

from hybridml.transfer.all_layers.choosing import keep_best
from hybridml.transfer.all_layers.tasks import Kind, make_task

Features = npt.NDArray[np.float32]


@dataclass(eq=False, repr=False)
class SelectingHead(BaseEstimator):
    """Rank features by a group lasso, and fit a head to the best part of them.

    Parameters
    ----------
    kind : {"classification", "regression"}
    strength : float
        Penalty of the group lasso, in parts of the smallest that leaves no weights.
    fraction : float
        Part of the features that is kept.
    params : dict
        Of the head.
    random_state : int, default=0

    Attributes
    ----------
    relevance_ : ndarray of shape (n_features,)
    kept_ : ndarray of shape (n_kept,)
        Positions of the features that are kept, in rising order.
    head_ : Pipeline
    n_features_in_ : int
    """

    kind: Kind
    _: KW_ONLY
    strength: float
    fraction: float
    params: dict[str, Any]
    random_state: int = 0

    @property
    def classes_(self) -> npt.NDArray[Any]:
        """Classes of shape (n_classes,), in the order of `predict_proba`."""
        return np.asarray(self.head_.classes_)

    def fit(self, X: Features, y: npt.NDArray[Any]) -> Self:
        """Rank the features of shape (n_images, n_features), and fit the head."""
        task = make_task(self.kind, self.random_state)
        (lasso,) = task.rank(X, y, [self.strength])
        self.relevance_, self.n_features_in_ = lasso.relevance, X.shape[1]
        self.kept_ = keep_best(lasso.ranking, self.fraction)
        self.head_ = task.head_with(self.params).fit(X[:, self.kept_], y)
        return self

    def predict(self, X: Features) -> npt.NDArray[Any]:
        """Predict classes or numbers."""
        return np.asarray(self.head_.predict(X[:, self.kept_]))

    def predict_proba(self, X: Features) -> npt.NDArray[np.float64]:
        """Class probabilities of shape (n_images, n_classes)."""
        return np.asarray(self.head_.predict_proba(X[:, self.kept_]))
