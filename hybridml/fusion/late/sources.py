"""What a modality's predictor is fitted on: encoded features, or the raw column."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone

from hybridml.exceptions import DataError
from hybridml.fusion.learning.block_scaler import BlockScaler
from hybridml.fusion.learning.targets import Targets
from hybridml.fusion.modalities.encoder import ModalityEncoder, run_readable
from hybridml.fusion.modalities.frame import find_missing, resolve_columns, take_columns
from hybridml.fusion.modalities.modality import Modality

Rows = npt.NDArray[np.intp]


class Source(Protocol):
    """Features of the rows that have a modality."""

    def fit(self, frame: pd.DataFrame, targets: Targets) -> tuple[Any, Rows]:
        """Learn from all rows; return the features of those that have the modality."""

    def featurise(self, train: Rows, test: Rows) -> tuple[Any, Any]:
        """Learn afresh from some rows of `fit`, and give the features of both parts."""

    def features(self, frame: pd.DataFrame) -> tuple[Any, Rows]:
        """Give the features of those new rows that have the modality."""

    def reader(self) -> tuple[Any, Any]:
        """Return the columns that new rows need, and what reads them."""

    def forget(self) -> None:
        """Let go of the rows of `fit`."""


class EncodedSource:
    """Features from an encoder, scaled as a block."""

    def __init__(self, modality: Modality) -> None:
        self._modality = modality

    def fit(self, frame: pd.DataFrame, targets: Targets) -> tuple[Any, Rows]:
        """Learn from all rows; return the features of those that have the modality."""
        self._frame, self._targets = frame, targets
        self._encoder = ModalityEncoder(self._modality)
        block = self._encoder.fit_encode(frame, targets.for_heads())
        self._scaler = BlockScaler().fit(block)
        rows = np.flatnonzero(block.is_present)
        return self._scaler.transform(block)[rows], rows

    def featurise(self, train: Rows, test: Rows) -> tuple[Any, Any]:
        """Learn afresh from some rows of `fit`, and give the features of both parts."""
        encoder = ModalityEncoder(self._modality)
        learned = self._targets.take(train).for_heads()
        known = encoder.fit_encode(self._frame.iloc[train], learned)
        scaler = BlockScaler().fit(known)
        asked = encoder.encode(self._frame.iloc[test])
        return scaler.transform(known), scaler.transform(asked)

    def features(self, frame: pd.DataFrame) -> tuple[Any, Rows]:
        """Give the features of those new rows that have the modality."""
        block = self._encoder.encode(frame)
        rows = np.flatnonzero(block.is_present)
        return self._scaler.transform(block)[rows], rows

    def reader(self) -> tuple[Any, Any]:
        """Return the columns that new rows need, and what reads them."""
        return self._encoder.columns_, self._encoder.estimator_

    def forget(self) -> None:
        """Let go of the rows of `fit`."""
        del self._frame, self._targets


class PlainSource:
    """The columns as they are, for a predictor that takes them so.

    Parameters
    ----------
    modality : Modality
        With a classifier or a regressor as its encoder.
    """

    def __init__(self, modality: Modality) -> None:
        self._modality = modality

    def fit(self, frame: pd.DataFrame, targets: Targets) -> tuple[Any, Rows]:
        """Return those rows that the predictor can read."""
        name = self._modality.name
        self._columns = resolve_columns(frame, self._modality.columns, name)
        self._values = take_columns(frame, self._columns, name)
        present = np.flatnonzero(~find_missing(self._values))

        def fit(rows: Rows) -> Any:
            learned = targets.take(rows).for_heads()
            return clone(self._modality.encoder).fit(self._values.iloc[rows], learned)

        _, rows = run_readable(fit, present)
        if not len(rows):
            raise DataError(f"Modality {name!r} is missing in all {len(frame)} rows.")
        return self._values.iloc[rows], rows

    def featurise(self, train: Rows, test: Rows) -> tuple[Any, Any]:
        """Give the rows of both parts."""
        return self._values.iloc[train], self._values.iloc[test]

    def features(self, frame: pd.DataFrame) -> tuple[Any, Rows]:
        """Give those new rows that have the modality; some may prove unreadable."""
        values = take_columns(frame, self._columns, self._modality.name)
        present = np.flatnonzero(~find_missing(values))
        return values.iloc[present], present

    def reader(self) -> tuple[Any, Any]:
        """Return the columns that new rows need, and what reads them."""
        return self._columns, self._modality.encoder

    def forget(self) -> None:
        """Let go of the rows of `fit`."""
        del self._values
