"""What a comparison of fusions found: the table, the winner and the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from hybridml.comparing.comparison import Comparison
from hybridml.comparing.summing_up import MEASURED
from hybridml.comparing.wording import is_baseline
from hybridml.fusion.comparing.candidate import FusionCandidate
from hybridml.fusion.comparing.gain import measure_gain, word_gain
from hybridml.fusion.comparing.nested import takes_images

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = ("candidate", "kind", "modality", "combine", "method", "head", *MEASURED)


@dataclass(frozen=True, eq=False, kw_only=True)
class FusionComparison(Comparison):
    """The result of `compare_fusion`.

    Attributes
    ----------
    table : DataFrame
        One row a candidate, the best first (of equal ones what needs less), with the
        columns

        - candidate (such as "photo alone" or "late fusion (stack)"), kind ("alone",
          "early", "late", "intermediate", "baseline"), modality (of one alone), combine
          (of a late fusion), method (of an intermediate one), head;
        - score (mean over the folds), score_low and score_high (95 % interval), and the
          other columns of `TransferComparison.table`, by row where they say image.
          Members that late fusions share count fully in each one's fit_time_s.
    gain : Series
        What the best fusion gains over the best modality alone: fusion, alone,
        difference with its 95 % interval low and high, p_value, p_better, p_equivalent,
        p_worse; empty where one of both is missing.
    significance : DataFrame
        Each row against the winner; see
        `hybridml.comparing.statistics.compare_with_winner`.
    fold_scores : DataFrame
        One row a candidate and fold: score, costs, n_train, n_test, best_epoch (NaN
        without epochs).
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
        Python code of the comparison, but for its table.
    where : str
        Where the runs are recorded, in words.
    run_id : str or None
        MLflow's name of the comparison's run, where it was recorded there.
    """

    noun: ClassVar[str] = "contender"
    title: ClassVar[str] = "Does fusion pay, and which?"

    @property
    def names(self) -> dict[str, str]:
        """What the candidates of the table are called in sentences."""
        return {
            row["candidate"]: "the baseline (guessing)"
            if is_baseline(row)
            else row["candidate"]
            for row in self.table.to_dict("records")
        }

    @cached_property
    def gain(self) -> pd.Series:
        """What the best fusion gains over the best modality alone."""
        names = [contender.name for contender in self._contenders]
        standings = dict(zip(names, self._standings, strict=True))
        return measure_gain(
            self.table, self.fold_scores, standings, self._data, self.rope
        )

    @property
    def verdict(self) -> str:
        """Say which row won, how sure that is, and what fusing gains."""
        rows = self.table[["candidate", "score"]].itertuples(index=False)
        scores = {str(name): float(score) for name, score in rows}
        if is_baseline(self.winner):
            return super().verdict
        return f"{super().verdict} {word_gain(self.gain, scores)}".rstrip()

    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw the scores with their intervals, by kind; save the picture to a path.

        Parameters
        ----------
        path : str, Path or None
            Its ending is that of any format that matplotlib can write.

        Returns
        -------
        figure : matplotlib Figure
        """
        from hybridml.report.fusion_plot import plot_fusion

        figure = plot_fusion(self.table, self.fold_scores, self.scoring)
        if path is not None:
            figure.savefig(path)
        return figure

    def tags(self, candidate: str) -> dict[str, str]:
        """Tags of a candidate for the run of the comparison, which has its own kind."""
        own = super().tags(candidate)
        return {name: value for name, value in own.items() if name != "hybridml.kind"}

    def image(self, position: int) -> Any:
        """Return the first image of the row at a position; None without one."""
        column = self._image_column
        if column is None:
            return None
        inputs = self._data.inputs
        assert isinstance(inputs, pd.DataFrame)
        value = inputs[column].iloc[position]
        return None if pd.api.types.is_scalar(value) and pd.isna(value) else value

    @cached_property
    def _image_column(self) -> Any:
        """The column of the first modality that is an image."""
        (first, *_) = self._contenders
        assert isinstance(first, FusionCandidate)
        for one in first.options.modalities:
            is_image = takes_images(first.options.encoders[one.name])
            if is_image and not isinstance(one.columns, list):
                return one.columns
        return None
