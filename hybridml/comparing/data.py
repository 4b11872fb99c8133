"""What all the contenders of a comparison learn from and are judged by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import get_scorer

from hybridml.comparing.scoring import scoring_name
from hybridml.comparing.splits import Fold
from hybridml.comparing.tasks import Task

Inputs = npt.NDArray[Any] | pd.DataFrame
Scorer = Callable[[Any, Any, Any], float]


@dataclass(frozen=True, eq=False)
class Data:
    """Inputs, targets, folds and the score.

    Attributes
    ----------
    inputs : ndarray of shape (n_rows, ...) or DataFrame
        Images, or a table of what belongs to one another.
    targets : ndarray of shape (n_rows,) or (n_rows, n_targets)
    folds : list of (train, test)
        Positions.
    scoring : str or callable
        Checked: anything that `get_scorer` takes.
    task : {"classification", "multilabel", "regression"}, default="classification"
    digests : sequence of bytes, default=()
        One a row, of the content of its inputs: by these a journal knows rows again,
        and duplicates are found.
    noun : str, default="image"
        What a row is called in facts and warnings.
    """

    inputs: Inputs
    targets: npt.NDArray[Any]
    folds: Sequence[Fold]
    scoring: Any
    task: Task = "classification"
    digests: Sequence[bytes] = ()
    noun: str = "image"

    @property
    def scorer(self) -> Scorer:
        """Takes a fitted estimator, inputs and targets."""
        return get_scorer(self.scoring)  # type: ignore[no-any-return]

    @property
    def scoring_name(self) -> str:
        """The score's name, to be shown."""
        return scoring_name(self.scoring)

    def rows(self, positions: npt.NDArray[np.intp]) -> Inputs:
        """Take the inputs at some positions, in their order."""
        if isinstance(self.inputs, pd.DataFrame):
            return self.inputs.iloc[positions]
        return self.inputs[positions]
