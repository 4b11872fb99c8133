"""What a comparison of transfer cases found: the table, the winner and the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pandas as pd

from hybridml.comparing.comparison import Comparison
from hybridml.comparing.rows import inner_table
from hybridml.comparing.summing_up import MEASURED
from hybridml.transfer.cases.catalogue import CASES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hybridml.transfer.evidence.curve_result import LayerCurve

COLUMNS = ("candidate", "case", "backbone", "cut_layer", "head", *MEASURED)


@dataclass(frozen=True, eq=False, kw_only=True)
class TransferComparison(Comparison):
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
        `hybridml.comparing.statistics.compare_with_winner`.
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
    run_id : str or None
        MLflow's name of the comparison's run, where it was recorded there.
    """

    noun: ClassVar[str] = "case"
    title: ClassVar[str] = "Which transfer case wins?"
    dtypes: ClassVar[Mapping[str, str]] = {"case": "Int64"}

    @cached_property
    def layer_scores(self) -> pd.DataFrame:
        """Case 1's inner scores, averaged over the folds."""
        by = ("backbone", "cut_layer", "head")
        return inner_table(self._contenders, self._standings, by)

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
        from hybridml.comparing.reporting import report_of
        from hybridml.report.html import write_html

        table = None if layer_curve is None else layer_curve.table
        report = report_of(self, layer_scores=self.layer_scores, layer_curve=table)
        return write_html(report, path)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Tables that are worth keeping as files, by their names."""
        layers = {"layers": self.layer_scores} if len(self.layer_scores) else {}
        return {**super().tables(), **layers}
