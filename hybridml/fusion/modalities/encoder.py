"""A modality of a table becomes a block of features, or its predictor's outputs."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array, issparse
from sklearn.base import clone

from hybridml.exceptions import DataError, ImageDecodeError, ModalityWarning
from hybridml.fusion.modalities.block import Block
from hybridml.fusion.modalities.frame import find_missing, resolve_columns, take_columns
from hybridml.fusion.modalities.kinds import make_encoder
from hybridml.fusion.modalities.modality import Modality


class ModalityEncoder:
    """Encodes one modality, and knows in which rows it is missing.

    The estimator inside sees only rows that have the modality. A row misses it where
    all of its columns are empty, where the image or the recording cannot be read, and
    where the encoder gives nothing but NaN.

    Parameters
    ----------
    modality : Modality
    adapt : callable or None, default=None
        Takes the unfitted encoder and returns what is fitted in its place.

    Attributes
    ----------
    estimator_ : fitted estimator
    columns_ : label or list of labels
        Of X.
    n_features_ : int
        Of the blocks.
    """

    def __init__(
        self, modality: Modality, *, adapt: Callable[[Any], Any] | None = None
    ) -> None:
        self.modality = modality
        self._adapt = adapt

    @property
    def name(self) -> str:
        """Name of the modality."""
        return self.modality.name

    def fit_encode(self, frame: pd.DataFrame, y: npt.NDArray[Any]) -> Block:
        """Fit the encoder on the rows that have the modality, and encode them all.

        Parameters
        ----------
        frame : DataFrame of shape (n_rows, n_columns)
        y : ndarray of shape (n_rows, ...)
            For encoders that look at it.

        Raises
        ------
        DataError
            If no row has the modality, or the encoder gives NaN in parts of a row.
        """
        self.columns_ = resolve_columns(frame, self.modality.columns, self.name)
        if self.modality.encoder == "tabular" and not isinstance(self.columns_, list):
            self.columns_ = [self.columns_]
        values = take_columns(frame, self.columns_, self.name)
        present = np.flatnonzero(~find_missing(values))
        if not len(present):
            raise DataError(
                f"Modality {self.name!r} is missing in all {len(frame)} rows. Leave it "
                "out, or add its data."
            )
        given = self.modality.encoder
        if isinstance(given, str):
            made = make_encoder(given, values.iloc[present])  # type: ignore[arg-type]
        else:
            made = clone(given)
        self.estimator_ = self._adapt(made) if self._adapt else made

        def fit_transform(rows: npt.NDArray[np.intp]) -> Any:
            return self.estimator_.fit(values.iloc[rows], y[rows]).transform(
                values.iloc[rows]
            )

        features, readable = run_readable(fit_transform, present)
        if not len(readable):
            raise DataError(
                f"Modality {self.name!r} cannot be read in any row. Are its paths "
                "right?"
            )
        self._warn_of_unreadable(len(present) - len(readable), len(frame))
        self.n_features_ = int(features.shape[1])
        return self._spread(features, readable, len(frame))

    def encode(self, frame: pd.DataFrame) -> Block:
        """Encode rows.

        Raises
        ------
        DataError
            If X lacks columns, or the encoder gives NaN in parts of a row.
        """
        values = take_columns(frame, self.columns_, self.name)
        present = np.flatnonzero(~find_missing(values))
        features, readable = run_readable(
            lambda rows: self.estimator_.transform(values.iloc[rows]), present
        )
        if not len(readable):
            features = np.zeros((0, self.n_features_))
        return self._spread(features, readable, len(frame))

    def feature_names(self) -> list[str]:
        """Name the columns of the block."""
        if hasattr(self.estimator_, "get_feature_names_out"):
            names = self.estimator_.get_feature_names_out()
            return [f"{self.name}__{name}" for name in names]
        return [f"{self.name}__{i}" for i in range(self.n_features_)]

    def _spread(self, features: Any, rows: npt.NDArray[np.intp], n_rows: int) -> Block:
        """Put the features of some rows where they belong; the others miss them."""
        if not issparse(features):
            features = np.asarray(features)
            features = features[:, None] if features.ndim == 1 else features
            is_nan = np.isnan(features)
            lost = is_nan.all(axis=1) if features.shape[1] else is_nan.any(axis=1)
            if (is_nan.any(axis=1) & ~lost).any():
                raise DataError(
                    f"The encoder of modality {self.name!r} gives NaN in parts of rows."
                    " Put an imputer behind it, or use 'tabular'."
                )
            features, rows = features[~lost], rows[~lost]
        is_present = np.zeros(n_rows, dtype=bool)
        is_present[rows] = True
        if issparse(features):
            narrow = rows.astype(np.int32)  # liblinear takes no wider indices
            place = (np.ones(len(rows)), (narrow, np.arange(len(rows), dtype=np.int32)))
            spread = csr_array(place, shape=(n_rows, len(rows))) @ csr_array(features)
            return Block(csr_array(spread), is_present)
        values = np.zeros((n_rows, features.shape[1]), dtype=features.dtype)
        values[rows] = features
        return Block(values, is_present)

    def _warn_of_unreadable(self, n_unreadable: int, n_rows: int) -> None:
        if n_unreadable:
            warnings.warn(
                f"Modality {self.name!r} cannot be read in {n_unreadable} of {n_rows} "
                "rows, where it counts as missing.",
                ModalityWarning,
                stacklevel=2,
            )


def run_readable(
    compute: Callable[[npt.NDArray[np.intp]], Any], rows: npt.NDArray[np.intp]
) -> tuple[Any, npt.NDArray[np.intp]]:
    """Compute something of rows, without those whose images cannot be decoded.

    Parameters
    ----------
    compute : callable
        Takes positions of rows, at least one.
    rows : ndarray of int

    Returns
    -------
    result : Any
        None where no row is left.
    readable : ndarray of int
        The rows of which it is.
    """
    while len(rows):
        try:
            return compute(rows), rows
        except ImageDecodeError as error:
            if not error.failures:
                raise
            rows = np.delete(rows, list(error.failures))
    return None, rows
