"""How sure the scores of a comparison are: each row alone, and against the winner."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hybridml.comparing.data import Data
from hybridml.comparing.outputs import Outputs, can_score_outputs, score_outputs
from hybridml.comparing.race import Standing
from hybridml.comparing.row_scores import row_scores
from hybridml.comparing.statistics.compare_with_winner import compare_with_winner
from hybridml.comparing.statistics.corrected_t import corrected_interval
from hybridml.comparing.statistics.groups import groups_not_told_apart
from hybridml.comparing.statistics.pairwise import pairwise_p_values
from hybridml.comparing.statistics.resampling import (
    ImageScores,
    Resampled,
    resample_score,
)

_NOT_KNOWN = (math.nan, math.nan)


class Judged:
    """The scores of a comparison, ready for the statistics.

    Parameters
    ----------
    fold_scores : DataFrame
        candidate, fold (from 1), score, n_train, n_test.
    standings : mapping of {str: Standing}
        By contender; their outputs are resampled where there is one fold only.
    data : Data
    """

    def __init__(
        self,
        fold_scores: pd.DataFrame,
        standings: Mapping[str, Standing],
        data: Data,
    ) -> None:
        self._fold_scores = fold_scores
        self._standings = standings
        self._data = data
        self._scorer = data.scorer
        self._known: dict[tuple[str, int], Resampled] = {}

    def scores(self) -> dict[str, dict[int, float]]:
        """Scores by contender and fold (from 0)."""
        return {
            name: {fold: result.score for fold, result in standing.results.items()}
            for name, standing in self._standings.items()
        }

    def intervals(self) -> dict[str, tuple[float, float]]:
        """Bound the score of each contender at 95 %; NaN where there is none."""
        return {name: self._interval(name) for name in self._standings}

    def against(self, winner: str, rope: float) -> pd.DataFrame:
        """Compare each contender with the winner; see `compare_with_winner`."""
        return compare_with_winner(
            self._fold_scores, winner, resample=self._resample, rope=rope
        )

    def groups(self) -> list[tuple[str, ...]]:
        """Group the contenders that the data do not tell apart."""
        means = {
            name: float(np.mean(list(scores.values())))
            for name, scores in self.scores().items()
            if scores
        }
        p_values = pairwise_p_values(self._fold_scores, resample=self._resample)
        return groups_not_told_apart(means, p_values)

    def _interval(self, name: str) -> tuple[float, float]:
        results = list(self._standings[name].results.values())
        scores = [result.score for result in results]
        if not scores or not np.isfinite(scores).all():
            return _NOT_KNOWN
        if len(scores) > 1:
            return corrected_interval(
                scores,
                n_train=[result.n_train for result in results],
                n_test=[result.n_test for result in results],
            )
        (fold,) = self._standings[name].results
        resampled = self._resample(name, fold + 1)
        return _NOT_KNOWN if resampled is None else resampled.interval()

    def _resample(self, name: str, fold: int) -> Resampled | None:
        """Score a contender on rows drawn from a fold (from 1): once for all tests."""
        if not can_score_outputs(self._scorer):
            return None
        if (name, fold) not in self._known:
            rescore = self._rescoring(name, fold)
            n_test = self._standings[name].results[fold - 1].n_test
            self._known[name, fold] = resample_score(rescore, n_test)
        return self._known[name, fold]

    def _rescoring(self, name: str, fold: int) -> ImageScores:
        """Return what scores a contender on test rows drawn from a fold (from 1)."""
        outputs: Outputs = self._standings[name].results[fold - 1].outputs
        targets: npt.NDArray[Any] = self._data.targets[self._data.folds[fold - 1][1]]
        rows = row_scores(self._scorer, outputs, targets)
        if rows is not None:
            return rows

        def rescore(positions: npt.NDArray[np.intp]) -> float:
            try:
                # What a draw lacks is no news: the score itself was tried beforehand.
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    return score_outputs(
                        self._scorer, outputs, targets, self._data.task, positions
                    )
            except ValueError:  # a draw may lack a class that the score needs
                return math.nan

        return rescore
