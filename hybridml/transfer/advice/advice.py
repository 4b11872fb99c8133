"""What is advised: a case, where to cut, why, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from hybridml.transfer.cases.catalogue import ENSEMBLE, case_title
from hybridml.transfer.cases.making import CaseOptions, make_case


@dataclass(frozen=True, eq=False)
class Advice:
    """The result of `advise_transfer_case`.

    Attributes
    ----------
    case : int
        0 to 4; see `hybridml.transfer.CASES`.
    cut_layer : str
        Where to cut; "penultimate" for cases 2 to 4, "logits" for case 0. Of case 1 it
        is "ensemble" where each layer is to have its say; with several labels an image
        the layer that did best here.
    backbone : str
    expected_score : float
        Cross-validated score, on these images, of the case at this cut; of an ensemble
        that of a search of the layer, or of all of them side by side. Of cases 2 to 4
        it is that of the probe that they begin with: they are advised where more is
        expected, but how much is not known.
    expected_low, expected_high : float
        Where that score lies at 95 %.
    expected_fit_s : float
        Rough seconds that a fit takes, features computed anew.
    sureness : {"high", "medium", "low"}
        How sure it is that no other case is better by more than a point.
    reasons : tuple of str
        Sentences, the most important first.
    evidence : DataFrame
        What was measured: a row for case 0 (where there is one), one for each cut layer
        of case 1, from the input to the output, and one for all layers together, with
        case, cut_layer, score, score_low, score_high, behind (its distance from the
        best one, by folds) and behind_error (the standard error of that).
    facts : dict of {str: float}
        n_images, n_per_class (median; a tenth of a regression's images), similarity
        (0 to 1), batch_norm_distance, output_entropy, and the leads that decided, each
        with its standard error: early (of earlier layers over the last one), joined (of
        all of them together over the best) and outputs (of case 0 over case 1).
    """

    case: int
    cut_layer: str
    backbone: str
    expected_score: float
    expected_low: float
    expected_high: float
    expected_fit_s: float
    sureness: str
    reasons: tuple[str, ...]
    evidence: pd.DataFrame
    facts: dict[str, float]
    _options: CaseOptions = field(repr=False)

    def make_estimator(self) -> Any:
        """Make the estimator that is advised, not fitted yet.

        Case 1 chooses the strength of its heads by inner folds when it is fitted, and
        with several labels an image also the layer.
        """
        return make_case(self.case, self._options)

    def __str__(self) -> str:
        where = "" if self.case != 1 else f", cut at {self.cut_layer}"
        if self.cut_layer == ENSEMBLE:
            where = ", ensemble of all layers"
        score = f"{self.expected_score:.3f}"
        bounds = f"({self.expected_low:.3f} to {self.expected_high:.3f})"
        expected = {
            0: f"Expected score {score} {bounds}",
            1: f"Expected score {score} {bounds}",
        }.get(self.case, f"Expected to beat its probe, which scores {score} {bounds}")
        lines = [
            f"{case_title(self.case)} ({self.backbone}{where})",
            f"{expected}; sureness: {self.sureness}.",
            *(f"- {reason}" for reason in self.reasons),
        ]
        return "\n".join(lines)
