"""What a comparison of transfer cases found: the table, the winner and the evidence."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hybridml._checks import check_name, list_names
from hybridml.transfer.cases.catalogue import CASES
from hybridml.transfer.comparing.candidate import Candidate
from hybridml.transfer.comparing.race import Standing
from hybridml.transfer.comparing.trial import Data
from hybridml.transfer.comparing.wording import economical, word_verdict
from hybridml.transfer.tasks import Task

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hybridml.transfer.evidence.curve_result import LayerCurve


@dataclass(frozen=True, eq=False)
class TransferComparison:
    """The result of `compare_transfer_cases`.

    Attributes
    ----------
    table : DataFrame
        One row a candidate, the best first (of equal ones the lower case), with the
        columns

        - candidate, case (missing for the baseline), backbone, cut_layer, head;
        - score (mean over the folds), score_low and score_high (95 % interval: over
          folds with the correction for shared training images, for one fold by the
          bootstrap), score_std (over the folds; NaN for one), n_folds;
        - p_value (that the winner is no better, adjusted for the number of rows) and
          p_equivalent (probability that it is less than `rope` apart from the winner);
          NaN for the winner;
        - fit_time_s (mean seconds of a fold's fit), predict_ms_per_image (milliseconds,
          features computed afresh), model_mb (10^6 bytes of weights and head),
          images_forwarded (through a network, in all folds; stored features count
          nothing), is_pareto (no row is better in score, fit time, latency and size);
        - note: why folds are missing.
    significance : DataFrame
        Each row against the winner; see
        `hybridml.transfer.statistics.compare_with_winner`.
    fold_scores : DataFrame
        One row a candidate and fold: score, costs, n_train, n_test, best_epoch (NaN
        without epochs), cut_layer and head.
    layer_scores : DataFrame
        Case 1's inner cross-validation: backbone, cut_layer, head, score, score_std,
        averaged over the folds; empty without a search.
    scoring : str
        Name of the score; more is better.
    task : {"classification", "multilabel", "regression"}
    facts : dict of {str: str}
        The size of the task, in words.
    warnings : list of str
        What makes the scores less than they seem, such as duplicates.
    rope : float
        Scores that are less apart count as practically equivalent.
    is_interrupted : bool
        Whether ctrl-C ended it.
    groups : list of tuple of str
        Candidates of which no two are told apart.
    call : str
        Python code of the comparison, but for its images.
    where : str
        Where the runs are recorded, in words.
    """

    table: pd.DataFrame
    significance: pd.DataFrame
    fold_scores: pd.DataFrame
    layer_scores: pd.DataFrame
    scoring: str
    task: Task
    facts: dict[str, str]
    warnings: list[str]
    rope: float
    is_interrupted: bool
    groups: list[tuple[str, ...]]
    call: str
    where: str
    _data: Data = field(repr=False)
    _candidates: Sequence[Candidate] = field(repr=False)
    _standings: Sequence[Standing] = field(repr=False)
    _kept: list[Any] = field(default_factory=list, repr=False)

    @property
    def winner(self) -> pd.Series:
        """The first row of the table."""
        return self.table.iloc[0]

    @property
    def economical(self) -> pd.Series:
        """The row that fits quickest of those that are as good as the winner."""
        return economical(self.table, self.significance)

    @property
    def best_estimator(self) -> Any:
        """The winner, fitted on all the images when first asked for.

        A classifier always has `predict_proba`.
        """
        if not self._kept:
            self._kept.append(self.fit(self.winner["candidate"]))
        return self._kept[0]

    @property
    def verdict(self) -> str:
        """Say which case won, how sure that is, and which cheaper one does as well."""
        return word_verdict(self.table, self.significance)

    @property
    def n_recalled(self) -> int:
        """How many folds were not run, since an earlier comparison had run them."""
        return sum(standing.n_recalled for standing in self._standings)

    @property
    def histories(self) -> dict[str, pd.DataFrame]:
        """Epochs of the last fold of each candidate that trains a network."""
        return {
            candidate.name: result.history
            for candidate, standing in zip(
                self._candidates, self._standings, strict=True
            )
            for _, result in sorted(standing.results.items())
            if result.history is not None
        }

    def fit(self, candidate: str) -> Any:
        """Fit a row of the table on all the images.

        Parameters
        ----------
        candidate : str
            As in the table, such as ``comparison.economical["candidate"]``.

        Returns
        -------
        estimator : fitted estimator
            A classifier has `predict_proba`.
        """
        found = self._candidates[self._position(candidate)]
        data = self._data
        return found.make(calibrate=True).fit(data.images, data.targets)

    def predictions(self, candidate: str | None = None) -> pd.DataFrame:
        """List what a candidate said of test images, of the first time each was one.

        Parameters
        ----------
        candidate : str or None, default=None
            As in the table; None is the winner.

        Returns
        -------
        predictions : DataFrame
            image (position in X), fold (from 1), target, predicted, and confidence:
            probability of what is predicted, NaN where there is none. For several
            labels or numbers an image, target and predicted hold tuples.
        """
        name = self.winner["candidate"] if candidate is None else candidate
        standing = self._standings[self._position(name)]
        parts = []
        for fold, result in sorted(standing.results.items()):
            _, test = self._data.folds[fold]
            confidence = result.outputs.confidence()
            part = {
                "image": test,
                "fold": fold + 1,
                "target": _column(self._data.targets[test]),
                "predicted": _column(result.outputs.predict),
                "confidence": math.nan if confidence is None else confidence,
            }
            parts.append(pd.DataFrame(part))
        every = pd.concat(parts, ignore_index=True)
        return every.drop_duplicates("image").sort_values("image", ignore_index=True)

    def to_json(self) -> str:
        """Give the table (as records) and the winner as one JSON object."""
        records = [
            {name: _plain(value) for name, value in row.items()}
            for row in self.table.to_dict("records")
        ]
        found = {"table": records, "winner": records[0], "scoring": self.scoring}
        told = {"verdict": self.verdict, "warnings": self.warnings, "runs": self.where}
        return json.dumps({**found, **told})

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

    def to_html(
        self, path: str | Path, *, layer_curve: LayerCurve | None = None
    ) -> Path:
        """Write all that was found into one HTML file, which needs no other.

        Verdict, leaderboard, what is told apart, cost against score, cut layers,
        learning curves with their diagnosis, confusions, the most confident mistakes,
        facts and warnings about the data, and how it was made.

        Parameters
        ----------
        path : str or Path
        layer_curve : LayerCurve or None, default=None
            Shown as well; see `layer_curve`.

        Returns
        -------
        path : Path
        """
        from hybridml.report.html import write_html
        from hybridml.transfer.comparing.reporting import report_of

        table = None if layer_curve is None else layer_curve.table
        return write_html(report_of(self, layer_curve=table), path)

    def image(self, position: int) -> Any:
        """Return the image at a position of X, as it was given."""
        return self._data.images[position]

    def _position(self, candidate: str) -> int:
        names = [found.name for found in self._candidates]
        check_name(
            "candidate", candidate, names, expected=f"one of {list_names(names)}"
        )
        return names.index(candidate)


def _column(values: Any) -> Any:
    """One value an image; tuples where there are several."""
    values = np.asarray(values)
    return values if values.ndim == 1 else [tuple(row) for row in values.tolist()]


def _plain(value: Any) -> Any:
    if value is pd.NA:
        return None
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
