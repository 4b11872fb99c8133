"""What a layer curve says: which layer serves best, and how general layers are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROUNDING = 1e-12
_SHARES = ("accuracy", "f1", "balanced", "precision", "recall", "roc", "jaccard", "top")


@dataclass(frozen=True)
class LayerCurve:
    """How well the features of each layer serve a task; `layer_curve` makes it.

    Attributes
    ----------
    table : DataFrame
        One row per weights and layer, from the input to the output:

        - weights: "pretrained", "random", or as they were given;
        - cut_layer, depth: its name, and its place, 1 for the first;
        - n_features, gmacs: how many there are, and what they cost, in 10^9
          multiply-adds an image; NaN for what is no stage;
        - score, score_std: mean and standard deviation over the folds;
        - fall: the best score at this layer or before it, less the score here. It is 0
          as long as the curve rises, and what the later layers have lost after that.
    fold_scores : ndarray of shape (n_rows, n_folds)
        The scores behind each row.
    backbone : str
    scoring : str
        What was measured; more is better.

    Notes
    -----
    Yosinski et al. call a feature general if it serves another task as well as the one
    that it was learned for, and find that layers turn from general to specific with
    depth. They measure it as the loss from freezing layers of another task's network
    and training anew what lies behind. Here nothing is trained behind the cut but a
    linear model, so that a rising curve shows features that the task still needs, and
    the `fall` at the last layer what is lost by their being made for the old task.

    References
    ----------
    Yosinski, Clune, Bengio & Lipson, "How transferable are features in deep neural
    networks?", Advances in Neural Information Processing Systems 27, 2014, section 2.
    """

    table: pd.DataFrame
    fold_scores: npt.NDArray[np.float64]
    backbone: str
    scoring: str

    @classmethod
    def from_folds(
        cls,
        rows: pd.DataFrame,
        fold_scores: npt.NDArray[np.float64],
        backbone: str,
        scoring: str,
    ) -> LayerCurve:
        """Sum up the scores of the folds.

        Parameters
        ----------
        rows : DataFrame
            The columns weights, cut_layer, depth, n_features and gmacs of `table`, of
            each weights the layers from the input to the output.
        fold_scores : ndarray of shape (n_rows, n_folds)
        backbone, scoring : str
        """
        table = rows.assign(
            score=fold_scores.mean(axis=1), score_std=fold_scores.std(axis=1)
        )
        best_so_far = table.groupby("weights", sort=False)["score"].cummax()
        table["fall"] = best_so_far - table["score"]
        return cls(table, fold_scores, backbone, scoring)

    @property
    def best(self) -> pd.Series:
        """Row of the best layer of the first weights, the earliest of equals."""
        rows = self._first_rows()
        return rows.iloc[int(rows["score"].to_numpy().argmax())]

    @property
    def last(self) -> pd.Series:
        """Row of the last layer of the first weights."""
        return self._first_rows().iloc[-1]

    @property
    def is_specific(self) -> bool:
        """Whether the last layer is worse than the best one by more than chance.

        That is, by more than the standard deviation over the folds of the difference.
        """
        scores = self._first_scores()
        lead = scores[scores.mean(axis=1).argmax()] - scores[-1]
        return bool(lead.mean() > lead.std() + _ROUNDING)

    @property
    def verdict(self) -> str:
        """Say in words which layer serves best, and what pretraining is worth."""
        return " ".join(
            part
            for part in (self._of_layers(), self._of_scatter(), self._of_weights())
            if part
        )

    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw the curve; save the picture where a path is given.

        Parameters
        ----------
        path : str, Path or None
            Its ending is that of any format that matplotlib can write.

        Returns
        -------
        figure : matplotlib Figure
        """
        from hybridml.report.layer_curve_plot import plot_layer_curve

        title = f"What a linear model reads from each layer of {self.backbone}"
        figure = plot_layer_curve(self.table, self.scoring, title=title)
        if path is not None:
            figure.savefig(path)
        return figure

    def _first_rows(self) -> pd.DataFrame:
        first = self.table["weights"].iloc[0]
        rows: pd.DataFrame = self.table[self.table["weights"] == first]
        return rows

    def _first_scores(self) -> npt.NDArray[np.float64]:
        """Scores of the first weights on each fold, (n_layers, n_folds)."""
        return self.fold_scores[: len(self._first_rows())]

    def _of_layers(self) -> str:
        best, last = self.best, self.last
        said = f"Features of {best['cut_layer']} serve best ({best['score']:.2f}"
        if best["cut_layer"] == last["cut_layer"]:
            return f"{said}): the last layer; none is too specific."
        if not self.is_specific:
            return (
                f"{said}), but those of the last layer serve about as well "
                f"({last['score']:.2f})."
            )
        worse = f"the last layer is {self._in_words(last['fall'])} worse"
        trained_for = "what the network was trained on"
        return f"{said}); {worse}: the late layers are specific to {trained_for}."

    def _of_scatter(self) -> str:
        """Warn where no layer is known to be worse than the best one."""
        scores = self._first_scores()
        leads = scores[scores.mean(axis=1).argmax()] - scores
        if (
            len(scores) < 2
            or (leads.mean(axis=1) > leads.std(axis=1) + _ROUNDING).any()
        ):
            return ""
        return "The folds do not tell the layers apart."

    def _of_weights(self) -> str:
        first, *others = dict.fromkeys(self.table["weights"])
        at_best = self.table.groupby("weights")["score"].max()
        parts = []
        for other in others:
            gain = float(at_best[first] - at_best[other])
            worth = "worth" if gain >= 0 else "behind by"
            size = self._in_words(abs(gain))
            over = f" over {other} ones" if gain >= 0 else f" against {other} ones"
            parts.append(
                f"{first.capitalize()} weights are {worth} {size}{over}, each at its "
                "best layer."
            )
        return " ".join(parts)

    def _in_words(self, difference: float) -> str:
        if not self.scoring.startswith(_SHARES):
            return f"{difference:.3g}"
        points = f"{100 * difference:.1f}".removesuffix(".0")
        return f"{points} point{'' if points == '1' else 's'}"
