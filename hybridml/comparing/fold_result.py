"""What one fold of one contender gave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from hybridml.comparing.outputs import Outputs

NUMBERS = (
    "score",
    "fit_time_s",
    "predict_ms_per_image",
    "model_mb",
    "images_forwarded",
    "n_train",
    "n_test",
    "best_epoch",
)


@dataclass(frozen=True, eq=False)
class FoldResult:
    """Scores, costs and outputs of a contender that was fitted on a fold.

    Attributes
    ----------
    score : float
        On the fold's test part.
    fit_time_s : float
    predict_ms_per_image : float
        Milliseconds a row, with features computed afresh.
    model_mb : float
        Size of what predicts, in 10^6 bytes.
    images_forwarded : int
        Through a network, to fit and to predict.
    n_train, n_test : int
    best_epoch : float
        NaN without epochs.
    choice : dict of {str: str}
        What was chosen, by column of the table; see `Contender.choice`.
    outputs : Outputs
        Of the test part, in the fold's order.
    inner_scores : DataFrame or None
        Of all that was chosen from.
    history : DataFrame or None
        Epochs of a fine-tuning.
    """

    score: float
    fit_time_s: float
    predict_ms_per_image: float
    model_mb: float
    images_forwarded: int
    n_train: int
    n_test: int
    best_epoch: float
    choice: dict[str, str]
    outputs: Outputs
    inner_scores: pd.DataFrame | None = None
    history: pd.DataFrame | None = None

    def numbers(self) -> dict[str, Any]:
        """Return what is measured, without the outputs and the tables."""
        return {name: getattr(self, name) for name in NUMBERS}

    @property
    def seconds(self) -> float:
        """What the fold takes."""
        return self.fit_time_s + self.predict_ms_per_image * self.n_test / 1000
