"""One column for each frequent category, one for the others, one for missing ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import OneHotEncoder

from hybridml.fusion.encoders.table.columns import as_labels

OTHER, MISSING = "(other)", "(missing)"


class CategoryEncoder(TransformerMixin, BaseEstimator):
    """One-hot encoding that pools rare categories, and never pools missing ones.

    scikit-learn's `OneHotEncoder` does it, but for the pooling: its own takes missing
    values for a category that may be pooled with others.

    Parameters
    ----------
    max_categories : int
        Most columns for the values of one column, the pool among them.
    min_frequency : int
        Values in fewer rows are pooled.
    marks_missing : bool, default=True
        Whether missing values have a column; otherwise their row is zero.

    Attributes
    ----------
    frequent_ : list of set of str
        Of each column, the values that are not pooled.

    Examples
    --------
    >>> hues = pd.DataFrame({"hue": ["red", "red", "blue", "grey", None]})
    >>> encoder = CategoryEncoder(max_categories=9, min_frequency=2).fit(hues)
    >>> encoder.get_feature_names_out().tolist()
    ['hue=(missing)', 'hue=(other)', 'hue=red']
    """

    def __init__(
        self, max_categories: int, min_frequency: int, *, marks_missing: bool = True
    ) -> None:
        self.max_categories = max_categories
        self.min_frequency = min_frequency
        self.marks_missing = marks_missing

    def fit(self, X: pd.DataFrame, y: Any = None) -> CategoryEncoder:
        """Count the values of each column of `X`.

        Parameters
        ----------
        X : DataFrame
        y : ignored

        Returns
        -------
        self : CategoryEncoder
        """
        labels = [as_labels(column) for _, column in X.items()]
        self.frequent_ = [self._find_frequent(column) for column in labels]
        pooled = self._pool(X.columns, labels)
        known = [sorted(set(pooled[name]) - {None}) for name in pooled]
        self.one_hot_ = OneHotEncoder(
            categories=known,
            handle_unknown="ignore",
            sparse_output=False,
            dtype=np.float32,
            feature_name_combiner=_name,
        ).fit(pooled)
        return self

    def transform(self, X: pd.DataFrame) -> npt.NDArray[np.float32]:
        """Encode the rows of `X`.

        Parameters
        ----------
        X : DataFrame
            With the columns of `fit`.

        Returns
        -------
        features : ndarray of shape (n_rows, n_features), float32
            What can neither be pooled nor marked is a row of zeros.
        """
        labels = [as_labels(column) for _, column in X.items()]
        features: npt.NDArray[np.float32]
        features = self.one_hot_.transform(self._pool(X.columns, labels))
        return features

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[Any]:
        """Name the features ``column=value``."""
        names: npt.NDArray[Any] = self.one_hot_.get_feature_names_out(input_features)
        return names

    def _find_frequent(self, labels: npt.NDArray[np.object_]) -> set[str]:
        counts = pd.Series(labels, dtype=object).value_counts()
        # Sorted by name first, so that ties do not depend on the order of the rows.
        ordered = counts.sort_index().sort_values(ascending=False, kind="stable")
        frequent = list(ordered.index[ordered >= self.min_frequency])
        if len(frequent) == len(ordered) <= self.max_categories:
            return set(frequent)
        return set(frequent[: self.max_categories - 1])

    def _pool(
        self, names: pd.Index[Any], labels: list[npt.NDArray[np.object_]]
    ) -> pd.DataFrame:
        missing = MISSING if self.marks_missing else None
        pooled = {
            name: [
                missing if label is None else label if label in frequent else OTHER
                for label in column
            ]
            for name, column, frequent in zip(
                names, labels, self.frequent_, strict=True
            )
        }
        return pd.DataFrame(pooled, dtype=object)


def _name(column: str, category: object) -> str:
    return f"{column}={category}"
