"""What may be passed as a table, and the DataFrame it is inside."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import pandas as pd
from sklearn.utils.validation import validate_data

from hybridml.exceptions import DataError
from hybridml.fusion.encoders.taking_columns import take_columns


def note_table(estimator: Any, X: Any) -> pd.DataFrame:
    """Bring the table of `fit` to a DataFrame, and note its columns on the estimator.

    Parameters
    ----------
    estimator : TableEncoder
        Gets `n_features_in_`, and `feature_names_in_` of a DataFrame.
    X : DataFrame or array-like of shape (n_rows, n_columns)

    Returns
    -------
    table : DataFrame
        The same one, or one with the columns x0, x1 and so on.

    Raises
    ------
    DataError
        If two columns have one name, or there are no rows or columns.
    ValueError
        If it is no table.
    """
    if not isinstance(X, pd.DataFrame):
        return _from_array(estimator, X, names=None)
    doubled = X.columns[X.columns.duplicated()]
    if len(doubled):
        raise DataError(f"Found the column {doubled[0]!r} twice; expected one of each.")
    _refuse_empty(X)
    validate_data(estimator, X, skip_check_array=True)
    return X


def match_table(
    estimator: Any, X: Any, names: Sequence[Hashable], *, by_name: bool
) -> pd.DataFrame:
    """Bring a table of `transform` to a DataFrame with the columns of `fit`.

    Parameters
    ----------
    estimator : TableEncoder
        That `note_table` has noted columns on.
    X : DataFrame or array-like of shape (n_rows, n_columns)
    names : sequence of hashable
        The columns of `fit`.
    by_name : bool
        Whether `fit` had a DataFrame. Then the columns of one go by name; otherwise by
        position.

    Returns
    -------
    table : DataFrame
        With these columns, in this order.

    Raises
    ------
    DataError
        If columns are missing, naming all of them, or there are no rows.
    ValueError
        If it is no table.
    """
    if not by_name or not isinstance(X, pd.DataFrame):
        return _from_array(estimator, X, names)
    table = take_columns(X, names)
    _refuse_empty(table)
    return table


def _from_array(
    estimator: Any, X: Any, names: Sequence[Hashable] | None
) -> pd.DataFrame:
    values = validate_data(
        estimator, X, reset=names is None, dtype=None, ensure_all_finite="allow-nan"
    )
    columns = list(names or (f"x{i}" for i in range(values.shape[1])))
    return pd.DataFrame(values).set_axis(columns, axis=1).infer_objects()


def _refuse_empty(table: pd.DataFrame) -> None:
    if 0 in table.shape:
        raise DataError(
            f"Found a table of {table.shape[0]} row(s) and {table.shape[1]} column(s); "
            "expected at least one of each."
        )
