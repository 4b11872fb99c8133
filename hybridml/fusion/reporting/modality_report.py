"""The report of what each modality adds: computed from predictions out of fold."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import get_scorer

from hybridml._checks import describe
from hybridml.comparing.outputs import Outputs, can_score_outputs, score_outputs
from hybridml.comparing.row_scores import row_scores
from hybridml.comparing.scoring import check_scoring, scoring_name
from hybridml.comparing.splits import make_folds
from hybridml.comparing.tasks import Task, check_targets, default_scoring
from hybridml.exceptions import DataError, InvalidParameterError
from hybridml.fusion.estimator import FusionEstimator
from hybridml.fusion.modalities.frame import as_frame
from hybridml.fusion.patterns import Pattern
from hybridml.fusion.reporting.shapley import shapley_values
from hybridml.fusion.reporting.subsets import ShownSubsets, show_subsets

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_MODALITIES = 8
_N_DRAWS = 200


@dataclass(frozen=True, eq=False)
class ModalityReport:
    """What each modality adds to a fusion.

    Attributes
    ----------
    table : DataFrame
        One row a modality, in the order given: modality; alone (score from it alone);
        without (from all the others; NaN of a single modality); loss_without (what the
        whole scores more than that); shapley (its share of what the whole scores more
        than a guess), shapley_low and shapley_high (95 %, by the bootstrap over rows);
        present (share of rows that have it).
    score : float
        Of all the modalities.
    guess : float
        Of none: the class frequencies, or the mean.
    subsets : DataFrame
        modalities (tuple of names) and score, of every set.
    agreement : DataFrame
        By modality and modality: how often both alone say the same; of numbers the
        correlation of what they say. Of rows that have both.
    scoring : str
        Name of the score.
    """

    table: pd.DataFrame
    score: float
    guess: float
    subsets: pd.DataFrame
    agreement: pd.DataFrame
    scoring: str

    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw the table; save the picture where a path is given."""
        from hybridml.report.modality_plot import plot_modalities

        figure = plot_modalities(
            self.table, score=self.score, guess=self.guess, scoring=self.scoring
        )
        if path is not None:
            figure.savefig(path)
        return figure


def report_modalities(
    estimator: FusionEstimator,
    X: Any,
    y: Any,
    *,
    task: Task,
    cv: Any = 5,
    scoring: Any = None,
    random_state: int = 0,
) -> ModalityReport:
    """Find out what each modality adds; see `EarlyFusionClassifier.modality_report`.

    The estimator is fitted once a fold. The test rows are then predicted from every set
    of modalities, the others hidden, which is how it treats rows that lack them.

    Parameters
    ----------
    estimator : fusion estimator
    X : DataFrame of shape (n_rows, n_columns)
    y : array-like of shape (n_rows,) or (n_rows, n_outputs)
    task : {"classification", "multilabel", "regression"}
    cv : int, splitter or iterable of (train, test), default=5
    scoring : str, callable or None, default=None
        A scorer of scikit-learn's; None is accuracy, f1_macro (several labels) or r2.
    random_state : int, default=0

    Raises
    ------
    InvalidParameterError
        If there are more than 8 modalities, or the score needs more than predictions.
    DataError
        If rows and targets do not fit together.
    """
    n_modalities = len(estimator.modalities)
    if n_modalities > _MOST_MODALITIES:
        cure = "Join some of them."
        expected = f"at most {_MOST_MODALITIES} for a report"
        raise InvalidParameterError(
            describe("modalities", n_modalities, expected, cure)
        )
    frame = as_frame(X)
    targets = check_targets(y, len(frame), task, min_per_class=1)
    scoring = default_scoring(task) if scoring is None else scoring
    check_scoring(scoring, targets, task)
    scorer = get_scorer(scoring)
    if not can_score_outputs(scorer):
        raise InvalidParameterError(
            describe("scoring", scoring, "a scorer that judges predictions alone")
        )
    folds = make_folds(targets, cv, random_state, task)
    shown = show_subsets(estimator, frame, targets, folds)
    if len(np.unique(shown.rows)) < len(shown.rows):
        raise DataError("Got cv with rows in several test parts; expected one of each.")
    judge = _Judge(shown, targets[shown.rows], scorer, task)
    return judge.report(scoring_name(scoring), random_state)


class _Judge:
    """Scores what was said from each set of modalities."""

    def __init__(
        self, shown: ShownSubsets, targets: npt.NDArray[Any], scorer: Any, task: Task
    ) -> None:
        self._shown = shown
        self._targets = targets
        self._scorer = scorer
        self._task = task

    def report(self, scoring: str, random_state: int) -> ModalityReport:
        """Make the report."""
        names, worth = self._shown.names, self._worth(None)
        every = tuple(range(len(names)))
        draws = self._drawn_values(random_state)
        without = [
            worth[tuple(i for i in every if i != own)] if len(every) > 1 else np.nan
            for own in every
        ]
        table = pd.DataFrame(
            {
                "modality": names,
                "alone": [worth[(own,)] for own in every],
                "without": without,
                "loss_without": worth[every] - np.array(without),
                "shapley": shapley_values(worth, len(names)),
                "shapley_low": np.nanquantile(draws, 0.025, axis=0),
                "shapley_high": np.nanquantile(draws, 0.975, axis=0),
                "present": self._shown.presence.mean(axis=0),
            }
        )
        subsets = pd.DataFrame(
            {
                "modalities": [tuple(names[i] for i in subset) for subset in worth],
                "score": list(worth.values()),
            }
        )
        return ModalityReport(
            table=table,
            score=worth[every],
            guess=worth[()],
            subsets=subsets.sort_values("score", ascending=False, ignore_index=True),
            agreement=self._agreement(),
            scoring=scoring,
        )

    def _worth(self, positions: npt.NDArray[np.intp] | None) -> dict[Pattern, float]:
        return {
            subset: self._score(outputs, positions)
            for subset, outputs in self._shown.outputs.items()
        }

    def _score(self, outputs: Outputs, positions: npt.NDArray[np.intp] | None) -> float:
        rows = row_scores(self._scorer, outputs, self._targets)
        if rows is not None and positions is not None:
            return float(rows[positions].mean())
        return score_outputs(
            self._scorer, outputs, self._targets, self._task, positions
        )

    def _drawn_values(self, random_state: int) -> npt.NDArray[np.float64]:
        """Shapley values of rows drawn with replacement; NaN where a score fails."""
        rng = np.random.default_rng(random_state)
        n_rows, n_modalities = len(self._targets), len(self._shown.names)
        values = np.full((_N_DRAWS, n_modalities), np.nan)
        for draw in range(_N_DRAWS):
            positions = rng.integers(0, n_rows, n_rows)
            try:
                with warnings.catch_warnings():
                    # A draw may lack a class, which is no news.
                    warnings.simplefilter("ignore")
                    worth = self._worth(positions)
            except ValueError:
                continue
            values[draw] = shapley_values(worth, n_modalities)
        return values

    def _agreement(self) -> pd.DataFrame:
        names = self._shown.names
        alone = [self._shown.outputs[(i,)].predict for i in range(len(names))]
        presence = self._shown.presence
        table = [
            [
                self._agree(one, other, presence[:, i] & presence[:, k])
                for k, other in enumerate(alone)
            ]
            for i, one in enumerate(alone)
        ]
        return pd.DataFrame(table, index=names, columns=names)

    def _agree(
        self,
        one: npt.NDArray[Any],
        other: npt.NDArray[Any],
        both: npt.NDArray[np.bool_],
    ) -> float:
        if both.sum() < 2:
            return float("nan")
        if self._task != "regression":
            return float((one[both] == other[both]).mean())
        a, b = one[both].ravel(), other[both].ravel()
        if not (a.std() and b.std()):
            return float("nan")
        return float(np.corrcoef(a, b)[0, 1])
