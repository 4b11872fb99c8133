"""The estimator of one modality in a late fusion, and what it says out of fold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.utils import _safe_indexing

from hybridml.fusion.late.sources import EncodedSource, PlainSource, Source
from hybridml.fusion.learning.folds import deal_folds
from hybridml.fusion.learning.scores import outputs_from, scores_of
from hybridml.fusion.learning.targets import Targets
from hybridml.fusion.learning.tuning import fit_head, tune
from hybridml.fusion.modalities.block import Block
from hybridml.fusion.modalities.encoder import run_readable
from hybridml.fusion.modalities.modality import Modality

Floats = npt.NDArray[np.float64]


class Member:
    """Predicts from one modality alone.

    Parameters
    ----------
    modality : Modality
    heads : sequence of estimators
        To choose from, where the modality has an encoder; a predictor is its own.
    n_folds : int
        For the outputs out of fold. In each fold everything is learned afresh, the
        encoder, too.
    calibrate : bool
        Whether scores are divided by the temperature that suits those out of fold.
    random_state : int

    Attributes
    ----------
    predictor_ : fitted estimator
    temperature_ : float
    """

    def __init__(
        self,
        modality: Modality,
        heads: Sequence[Any],
        *,
        n_folds: int,
        calibrate: bool,
        random_state: int,
    ) -> None:
        self.modality = modality
        self._heads = heads
        self._n_folds = n_folds
        self._calibrate = calibrate
        self._random_state = random_state

    @property
    def settings(self) -> tuple[object, ...]:
        """What its fit depends on, but for the rows; hashable.

        An encoder counts as the object that it is, a head by its parameters.
        """
        encoder = self.modality.encoder
        return (
            self.modality.name,
            encoder if isinstance(encoder, str) else id(encoder),
            repr(self.modality.columns),
            repr([(type(head), head.get_params()) for head in self._heads]),
            self._n_folds,
            self._calibrate,
            self._random_state,
        )

    def fit(self, frame: pd.DataFrame, targets: Targets) -> Block:
        """Fit on the rows that have the modality.

        Returns
        -------
        outputs : Block of shape (n_rows, n_outputs)
            Out of fold: of each row from an estimator that had not seen it.
        """
        self._source: Source = EncodedSource(self.modality)
        heads = self._heads
        if is_predictor(self.modality.encoder):
            self._source, heads = PlainSource(self.modality), [self.modality.encoder]
        features, rows = self._source.fit(frame, targets)
        own = targets.take(rows)
        tuned = tune(
            heads,
            lambda train, test: self._source.featurise(rows[train], rows[test]),
            own,
            deal_folds(own.strata, self._n_folds, self._random_state),
            calibrate=self._calibrate,
        )
        self._source.forget()
        self.predictor_ = fit_head(tuned.head, features, own)
        self.temperature_ = tuned.temperature
        self._targets = targets.empty()
        return _spread(tuned.outputs, rows, len(frame))

    def reader(self) -> tuple[Any, Any]:
        """Return the columns that new rows need, and what reads them."""
        return self._source.reader()

    def outputs(self, frame: pd.DataFrame) -> Block:
        """Predict rows, as a block of shape (n_rows, n_outputs)."""
        features, rows = self._source.features(frame)
        scores, readable = run_readable(
            lambda own: scores_of(
                self.predictor_, _safe_indexing(features, own), self._targets
            ),
            np.arange(len(rows)),
        )
        if scores is None:
            scores = np.zeros((0, self._targets.n_outputs))
        found = outputs_from(scores, self._targets, self.temperature_)
        return _spread(found, rows[readable], len(frame))


def is_predictor(encoder: Any) -> bool:
    """Whether an encoder is none, but predicts by itself."""
    return not isinstance(encoder, str) and hasattr(encoder, "predict")


def _spread(found: Floats, rows: npt.NDArray[np.intp], n_rows: int) -> Block:
    values = np.zeros((n_rows, found.shape[1]))
    values[rows] = found
    is_present = np.zeros(n_rows, dtype=bool)
    is_present[rows] = True
    return Block(values, is_present)
