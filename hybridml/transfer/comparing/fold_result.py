"""What one fold of one candidate gave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from hybridml.transfer.comparing.outputs import Outputs

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
    """Scores, costs and outputs of a candidate that was fitted on a fold.

    Attributes
    ----------
    score : float
        On the fold's test images.
    fit_time_s : float
    predict_ms_per_image : float
        Milliseconds, with features computed afresh.
    model_mb : float
        Size of what predicts, in 10^6 bytes.
    images_forwarded : int
        Through a network, to fit and to predict.
    n_train, n_test : int
    best_epoch : float
        NaN without epochs.
    cut_layer, head : str
        What was chosen, where something was.
    outputs : Outputs
        Of the test images, in the fold's order.
    layers : DataFrame or None
        Inner scores of case 1's search.
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
    cut_layer: str
    head: str
    outputs: Outputs
    layers: pd.DataFrame | None = None
    history: pd.DataFrame | None = None

    def numbers(self) -> dict[str, Any]:
        """Return what is measured, without the outputs and the tables."""
        return {name: getattr(self, name) for name in NUMBERS}

    @property
    def seconds(self) -> float:
        """What the fold takes."""
        return self.fit_time_s + self.predict_ms_per_image * self.n_test / 1000
