"""What a comparison of transfer cases found: the table, the winner and the evidence."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hybridml.transfer.cases.catalogue import CASES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = (
    "case",
    "backbone",
    "cut_layer",
    "head",
    "score",
    "score_std",
    "fit_time_s",
    "predict_ms_per_image",
    "images_forwarded",
)


@dataclass(frozen=True, eq=False)
class TransferComparison:
    """The result of `compare_transfer_cases`.

    Attributes
    ----------
    table : DataFrame
        One row a case and backbone, the best first (of equal ones the lower case),
        with the columns case, backbone,
        cut_layer, head, score (mean over the folds), score_std (over the folds; NaN for
        one fold), fit_time_s (mean seconds of a fold's fit), predict_ms_per_image
        (milliseconds, features computed afresh) and images_forwarded (through a
        network, in fit and predict of all folds; stored features count nothing).
    fold_scores : DataFrame
        One row a case, backbone and fold: score, fit_time_s, predict_ms_per_image,
        images_forwarded, n_train, n_test and best_epoch (NaN without epochs).
    layer_scores : DataFrame
        Case 1's inner cross-validation: backbone, cut_layer, head, score, score_std,
        averaged over the folds; empty without a search.
    scoring : str
        Name of the score; more is better.
    where : str
        Where the runs are recorded, in words.
    """

    table: pd.DataFrame
    fold_scores: pd.DataFrame
    layer_scores: pd.DataFrame
    scoring: str
    where: str
    _refit: Callable[[], Any] = field(repr=False)
    _kept: list[Any] = field(default_factory=list, repr=False)

    @property
    def winner(self) -> pd.Series:
        """The first row of the table."""
        return self.table.iloc[0]

    @property
    def best_estimator(self) -> Any:
        """The winner, fitted on all the images when first asked for.

        It always has `predict_proba`.
        """
        if not self._kept:
            self._kept.append(self._refit())
        return self._kept[0]

    @property
    def verdict(self) -> str:
        """Say in a sentence which case won, and by how much."""
        best = self.winner
        said = f"{describe_row(best)} wins with {_score(best)}"
        if len(self.table) == 1:
            return f"{said}."
        second = self.table.iloc[1]
        margin = best["score"] - second["score"]
        if abs(margin) < 1e-12:
            return f"{said}; {describe_row(second)} scores the same."
        spread = self._spread_of_margin(best, second)
        shown = "" if math.isnan(spread) else f" ± {spread:.3f}"
        said = f"{said}, {margin:.3f}{shown} ahead of {describe_row(second)}"
        draw = " The folds do not tell the two apart." if margin < spread else ""
        return f"{said} ({_score(second)}).{draw}"

    def to_json(self) -> str:
        """Give the table (as records) and the winner as one JSON object."""
        records = [
            {name: _plain(value) for name, value in row.items()}
            for row in self.table.to_dict("records")
        ]
        found = {"table": records, "winner": records[0], "scoring": self.scoring}
        return json.dumps({**found, "verdict": self.verdict, "runs": self.where})

    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw the scores of the cases; save the picture where a path is given.

        Parameters
        ----------
        path : str, Path or None
            Its ending is that of any format that matplotlib can write.

        Returns
        -------
        figure : matplotlib Figure
        """
        from hybridml.report.leaderboard_plot import plot_leaderboard

        figure = plot_leaderboard(
            self.table, self.layer_scores, self.scoring, titles=CASES
        )
        if path is not None:
            figure.savefig(path)
        return figure

    def _spread_of_margin(self, best: pd.Series, second: pd.Series) -> float:
        """Deviation over the folds of one row's lead; NaN for one fold."""
        ours, theirs = (self._scores_of(row) for row in (best, second))
        return float((ours - theirs).std(ddof=1)) if len(ours) > 1 else math.nan

    def _scores_of(self, row: pd.Series) -> npt.NDArray[np.float64]:
        """Scores of a row's folds, in their order."""
        folds = self.fold_scores
        is_own = (folds["case"] == row["case"]) & (folds["backbone"] == row["backbone"])
        return np.asarray(folds.loc[is_own, "score"], dtype=np.float64)


def describe_row(row: pd.Series) -> str:
    """Name a row of the table in words: ``case 1 (resnet18, layer3, linear_svm)``."""
    parts = [row["backbone"], row["cut_layer"], row["head"]]
    return f"case {row['case']} ({', '.join(part for part in parts if part)})"


def _score(row: pd.Series) -> str:
    spread = "" if math.isnan(row["score_std"]) else f" ± {row['score_std']:.3f}"
    return f"{row['score']:.3f}{spread}"


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
