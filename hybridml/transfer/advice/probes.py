"""The evidence that advice rests on: scores of all the layers on the same folds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from hybridml.comparing.splits import Fold
from hybridml.comparing.statistics.fold_mean import FoldMean, mean_over_folds


@dataclass(frozen=True, eq=False)
class Probed:
    """Scores of one way to predict, a number a fold.

    Attributes
    ----------
    case : {0, 1}
    cut_layer : str
    scores : ndarray of shape (n_folds,)
    """

    case: int
    cut_layer: str
    scores: npt.NDArray[np.float64]

    @property
    def mean(self) -> float:
        """Mean over the folds."""
        return float(self.scores.mean())


@dataclass(frozen=True, eq=False)
class Probes:
    """All that was probed.

    Attributes
    ----------
    layers : sequence of Probed
        Case 1, from the input to the output.
    joined : Probed or None
        Case 1 with the features of all the layers side by side, where that can be had.
    outputs : Probed or None
        Case 0, where there is one.
    folds : sequence of (train, test)
        Of one repetition after the other.
    """

    layers: Sequence[Probed]
    joined: Probed | None
    outputs: Probed | None
    folds: Sequence[Fold]

    @cached_property
    def searched(self) -> Probed:
        """Case 1 with a search of the layer, its luck left out.

        The best of many layers is the luckiest, too: on few images it seems to lead
        where all are equal. Here each fold judges the layer that does best in the
        others of its repetition, so that no image has a say in what predicts it.
        """
        scores = np.stack([layer.scores for layer in self.layers])
        found = np.empty(len(self.folds))
        for repetition in _repetitions(self.folds):
            for fold in repetition:
                others = [other for other in repetition if other != fold]
                found[fold] = scores[scores[:, others].mean(axis=1).argmax(), fold]
        return Probed(1, self.best_layer.cut_layer, found)

    @property
    def best_layer(self) -> Probed:
        """The best layer; of equal ones the first."""
        return max(self.layers, key=lambda probed: probed.mean)

    @property
    def best(self) -> Probed:
        """The best layer, or all of them together where that is better."""
        return max(self.ways, key=lambda probed: probed.mean)

    @property
    def ways(self) -> list[Probed]:
        """All that case 1 can be cut at."""
        return [*self.layers, *([self.joined] if self.joined is not None else [])]

    @property
    def last(self) -> Probed:
        """The layer next to the output."""
        return self.layers[-1]

    def ahead(self, ours: Probed, theirs: Probed) -> FoldMean:
        """Say by how much one way is ahead of another, and how sure that is."""
        return self._mean(ours.scores - theirs.scores)

    def interval(self, probed: Probed) -> tuple[float, float]:
        """Bound the score of a way at 95 %."""
        low, high = self._mean(probed.scores).interval()
        return low, min(high, 1.0)

    def table(self) -> pd.DataFrame:
        """List all the ways; see `Advice.evidence`."""
        outputs = [self.outputs] if self.outputs is not None else []
        return pd.DataFrame([self._row(probed) for probed in (*outputs, *self.ways)])

    def _row(self, probed: Probed) -> dict[str, object]:
        low, high = self.interval(probed)
        found = {
            "case": probed.case,
            "cut_layer": probed.cut_layer,
            "score": probed.mean,
            "score_low": low,
            "score_high": high,
        }
        if probed is self.best:
            return {**found, "behind": 0.0, "behind_error": math.nan}
        behind = self.ahead(self.best, probed)
        return {
            **found,
            "behind": behind.mean,
            "behind_error": behind.standard_error,
        }

    def _mean(self, scores: npt.NDArray[np.float64]) -> FoldMean:
        return mean_over_folds(
            scores,
            n_train=[len(train) for train, _ in self.folds],
            n_test=[len(test) for _, test in self.folds],
        )


def _repetitions(folds: Sequence[Fold]) -> list[list[int]]:
    """Part folds where an image is tested again."""
    parts: list[list[int]] = []
    tested: set[int] = set()
    for number, (_, test) in enumerate(folds):
        if not parts or tested & set(test.tolist()):
            parts.append([])
            tested = set()
        parts[-1].append(number)
        tested |= set(test.tolist())
    return parts
