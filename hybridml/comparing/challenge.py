"""Two estimators against each other, on the folds of a comparison."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone

from hybridml.comparing.contender import ExtraCosts, Work
from hybridml.comparing.data import Data
from hybridml.comparing.fold_result import FoldResult
from hybridml.comparing.judging import Judged
from hybridml.comparing.outputs import can_score_outputs, outputs_of, score_outputs
from hybridml.comparing.race import Standing
from hybridml.comparing.trial import run_trial

_ONE, _OTHER = "one", "other"


def challenge(
    one: Any, other: Any, data: Data, folds: Sequence[int], *, rope: float = 0.01
) -> pd.Series:
    """Test whether an estimator is better than another.

    Parameters
    ----------
    one, other : estimator
        Cloned, and fitted anew in each fold.
    data : Data
    folds : sequence of int
        Positions of the folds in `data` that are run.
    rope : float, default=0.01
        Differences up to this size do not matter.

    Returns
    -------
    result : Series
        score of `one` and other_score, each a mean over the folds; and the row of
        `compare_with_winner`, with `one` as the winner.
    """
    contenders = {_ONE: Given(one), _OTHER: Given(other)}
    standings = {
        name: Standing(
            {fold: run_trial(given, data, data.folds[fold]) for fold in folds}
        )
        for name, given in contenders.items()
    }
    return _judge(standings, data, rope)


def challenge_fitted(
    one: Any, other: Any, data: Data, *, rope: float = 0.01
) -> pd.Series:
    """Test whether a fitted estimator is better than another, on rows new to both.

    Parameters
    ----------
    one, other : fitted estimator
    data : Data
        All of its rows are tested on; it needs no folds.
    rope : float, default=0.01

    Returns
    -------
    result : Series
        As that of `challenge`; the test is a paired bootstrap over the rows.
    """
    n_rows = len(data.targets)
    whole = replace(data, folds=[(np.arange(0), np.arange(n_rows))])
    standings = {
        name: Standing({0: _test(estimator, whole)})
        for name, estimator in ((_ONE, one), (_OTHER, other))
    }
    return _judge(standings, whole, rope)


def _test(estimator: Any, data: Data) -> FoldResult:
    outputs, seconds = outputs_of(estimator, data.inputs)
    if can_score_outputs(data.scorer):
        score = score_outputs(data.scorer, outputs, data.targets, data.task)
    else:
        score = float(data.scorer(estimator, data.inputs, data.targets))
    n_test = len(data.targets)
    return FoldResult(
        score=score,
        fit_time_s=math.nan,
        predict_ms_per_image=1000 * seconds / n_test,
        model_mb=math.nan,
        images_forwarded=0,
        n_train=0,
        n_test=n_test,
        best_epoch=math.nan,
        choice={},
        outputs=outputs,
    )


def _judge(standings: Mapping[str, Standing], data: Data, rope: float) -> pd.Series:
    rows = [
        {
            "candidate": name,
            "fold": fold + 1,
            "score": result.score,
            # Of what is fitted already, nothing varies with the training part.
            "n_train": result.n_train or math.inf,
            "n_test": result.n_test,
        }
        for name, standing in standings.items()
        for fold, result in standing.results.items()
    ]
    judged = Judged(pd.DataFrame(rows), standings, data)
    found = judged.against(_ONE, rope).iloc[0].drop("candidate")
    means = {
        "score": standings[_ONE].score,
        "other_score": standings[_OTHER].score,
    }
    result: pd.Series = pd.concat([pd.Series(means, dtype=object), found])
    return result


@dataclass(frozen=True)
class Given:
    """An estimator that is there already, as a `Contender`."""

    estimator: BaseEstimator
    name: str = "given"
    title: str = "given"
    label: str = "given"
    precedence: float = 0.0
    is_trained: bool = False
    work: Work = Work()  # noqa: RUF009  it is frozen

    def make(self, *, calibrate: bool = False) -> BaseEstimator:
        """Clone the estimator."""
        copied: BaseEstimator = clone(self.estimator)
        return copied

    def columns(self) -> Mapping[str, Any]:
        """Tell nothing."""
        return {}

    def choice(self, estimator: Any = None) -> dict[str, str]:
        """Choose nothing."""
        return {}

    def inner_scores(self, estimator: Any) -> pd.DataFrame | None:
        """Return nothing."""
        return None

    def extra_costs(
        self, estimator: Any, *, n_predicted: int, n_forwarded: int
    ) -> ExtraCosts:
        """Count nothing: only scores are asked for."""
        return ExtraCosts()

    def tags(self, choice: Mapping[str, str]) -> dict[str, str]:
        """Make none."""
        return {}

    def params(self) -> Mapping[str, Any]:
        """Return none."""
        return {}

    def identity(self) -> object:
        """Return nothing that would be known again."""
        return object()
