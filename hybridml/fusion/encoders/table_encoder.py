"""The encoder of tables: columns of any kind as features for a head."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from hybridml._checks import Problems, is_count
from hybridml.fusion.encoders.table.columns import (
    Reader,
    choose_reader,
    read_columns,
)
from hybridml.fusion.encoders.table.encoding import make_encoding
from hybridml.fusion.encoders.table.tables import match_table, note_table

_SCALINGS = ("robust", "standard")


class TableEncoder(TransformerMixin, BaseEstimator):
    """Features of a table's columns, whatever they hold.

    `fit` looks at each column and decides what it is:

    - numbers: the median for missing ones, then scaled; a column of whole numbers with
      few distinct values (years, grades, counts) is encoded as categories as well;
    - categories, strings and booleans: one column for each of the frequent values, one
      for all the others and for new ones, one for missing ones;
    - dates, also as strings that all are dates in one format: year, month, day,
      weekday, hour and minute, as far as they vary, and the time as one number. The
      parts are whole numbers, and so mostly categories as well;
    - durations: their seconds.

    Missing values of numbers, dates and durations have a column of their own, if there
    were any in `fit`. At `transform`, columns may come in another order, with columns
    beside them, which are ignored, and with new categories and missing values.

    Parameters
    ----------
    max_categories : int, default=50
        At most so many columns for the values of one column; the less frequent ones
        share the last.
    min_frequency : int, default=2
        Values in fewer rows share a column too.
    max_whole_numbers : int, default=20
        Whole numbers of at most so many distinct values are categories as well; 0 for
        none.
    scaling : {"robust", "standard"}, default="robust"
        "robust" maps the middle half of the values to an interval of length 1 round
        the median and bends those far from it smoothly, so that none lies beyond 3;
        "standard" gives mean 0 and deviation 1.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,), str
        Their names, where all are strings.
    kinds_ : dict of {column: str}
        What each column was taken for: "number", "category", "date" or "duration".

    See Also
    --------
    TextEncoder : For columns of sentences, which are all different.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"price": [5.0, None, 9.0, 7.0], "hue": ["r", "b", "r", "b"]})
    >>> encoder = TableEncoder().set_output(transform="pandas").fit(X)
    >>> encoder.transform(X.tail(1)).round(1)
       price  price=(missing)  hue=b  hue=r
    3    0.0              0.0    1.0    0.0
    """

    def __init__(
        self,
        *,
        max_categories: int = 50,
        min_frequency: int = 2,
        max_whole_numbers: int = 20,
        scaling: str = "robust",
    ) -> None:
        self.max_categories = max_categories
        self.min_frequency = min_frequency
        self.max_whole_numbers = max_whole_numbers
        self.scaling = scaling

    def fit(self, X: Any, y: Any = None) -> TableEncoder:
        """Learn what the columns hold, their categories and their scales.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            The columns of an array are called x0, x1 and so on.
        y : ignored

        Returns
        -------
        self : TableEncoder

        Raises
        ------
        InvalidParameterError
            If a parameter is wrong.
        DataError
            If X has numbers that are infinite, or two columns of one name.
        """
        self._check_parameters()
        table = note_table(self, X)
        self._is_by_name = isinstance(X, pd.DataFrame)
        self._readers: dict[Hashable, Reader] = {
            name: choose_reader(table[name]) for name in table.columns
        }
        self.kinds_ = {name: reader.kind for name, reader in self._readers.items()}
        self._encoding = make_encoding(
            read_columns(table, self._readers),
            marked=[
                f"{name}{reader.marked}"
                for name, reader in self._readers.items()
                if reader.marked is not None
            ],
            max_categories=self.max_categories,
            min_frequency=self.min_frequency,
            max_whole_numbers=self.max_whole_numbers,
            scaling=self.scaling,
        )
        return self

    def transform(self, X: Any) -> npt.NDArray[np.float32]:
        """Encode the rows of a table.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            With the columns of `fit`.

        Returns
        -------
        features : ndarray of shape (n_rows, n_features), float32

        Raises
        ------
        DataError
            If columns are missing, or a column of numbers holds something else.
        """
        check_is_fitted(self)
        names, by_name = list(self._readers), self._is_by_name
        table = match_table(self, X, names, by_name=by_name)
        plain = read_columns(table, self._readers)
        features = self._encoding.transform(plain)
        # What float32 cannot hold is as large as it can: infinity, no head takes.
        largest = np.finfo(np.float32).max
        encoded: npt.NDArray[np.float32] = np.clip(features, -largest, largest)
        return encoded.astype(np.float32, copy=False)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[Any]:
        """Name the features: ``price``, ``hue=red``, ``hue=(missing)``, ``day.year``.

        Parameters
        ----------
        input_features : ignored
            Must be those of `fit`.

        Returns
        -------
        names : ndarray of shape (n_features,), object
        """
        check_is_fitted(self)
        _check_feature_names_in(self, input_features)
        return np.asarray(self._encoding.get_feature_names_out(), dtype=object)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_encoding")

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def _check_parameters(self) -> None:
        problems = Problems(type(self).__name__)
        for name, minimum in (
            ("max_categories", 2),
            ("min_frequency", 1),
            ("max_whole_numbers", 0),
        ):
            value = getattr(self, name)
            is_right = is_count(value, minimum=minimum)
            problems.expect(is_right, name, value, f"a whole number >= {minimum}")
        is_known = self.scaling in _SCALINGS
        problems.expect(is_known, "scaling", self.scaling, "'robust' or 'standard'")
        problems.raise_all()
