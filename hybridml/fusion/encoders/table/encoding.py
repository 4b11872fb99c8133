"""From plain columns to features: which scikit-learn parts get which columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from hybridml.fusion.encoders.table.category_encoder import MISSING, CategoryEncoder
from hybridml.fusion.encoders.table.squashing_scaler import SquashingScaler


def make_encoding(
    plain: pd.DataFrame,
    *,
    marked: list[str],
    max_categories: int,
    min_frequency: int,
    max_whole_numbers: int,
    scaling: str,
) -> ColumnTransformer:
    """Fit what encodes the plain columns of a table.

    Parameters
    ----------
    plain : DataFrame
        As `read_columns` gives it.
    marked : list of str
        Columns of numbers whose missing values get a column.
    max_categories, min_frequency, max_whole_numbers, scaling
        As `TableEncoder` has them.

    Returns
    -------
    encoding : ColumnTransformer
    """
    numbers = plain.select_dtypes("number").columns
    categories = plain.columns.difference(numbers, sort=False)
    whole = [
        name
        for name in numbers
        if _is_few(plain[name], max_whole_numbers, min_frequency)
    ]
    of_values = CategoryEncoder(max_categories, min_frequency)
    of_numbers = CategoryEncoder(max_categories, min_frequency, marks_missing=False)
    parts = [
        ("number", _scaling(scaling), list(numbers)),
        ("missing", _MissingMarks(), marked),
        ("category", of_values, list(categories)),
        ("whole", of_numbers, whole),
    ]
    used = [part for part in parts if part[2]]
    encoding = ColumnTransformer(used, verbose_feature_names_out=False)
    return encoding.set_output(transform="default").fit(plain)


def _scaling(scaling: str) -> Pipeline:
    impute = SimpleImputer(strategy="median", keep_empty_features=True)
    scaler = SquashingScaler() if scaling == "robust" else StandardScaler()
    return make_pipeline(impute, scaler)


def _is_few(numbers: pd.Series[Any], most: int, min_frequency: int) -> bool:
    """Whether a column holds few distinct numbers, all whole, and some of them often.

    Two values are as good as two categories.
    """
    counts = numbers.value_counts()
    is_few = 2 < len(counts) <= most and bool((counts.index % 1 == 0).all())
    return is_few and int((counts >= min_frequency).sum()) > 1


class _MissingMarks(MissingIndicator):
    """`MissingIndicator` of columns with missing values in `fit`, named as categories.

    Values that are missing at `transform` only are no error: nothing was learned of
    them.
    """

    def __init__(self) -> None:
        super().__init__(error_on_new=False)

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        names = np.asarray(self.feature_names_in_)[self.features_]
        return np.array([f"{name}={MISSING}" for name in names], dtype=object)
