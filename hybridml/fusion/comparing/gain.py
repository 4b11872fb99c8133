"""What fusing gains over the best modality alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from hybridml.comparing.data import Data
from hybridml.comparing.judging import Judged
from hybridml.comparing.race import Standing
from hybridml.comparing.wording import ALPHA
from hybridml.fusion.comparing.options import KINDS

COLUMNS = (
    "fusion",
    "alone",
    "difference",
    "low",
    "high",
    "p_value",
    "p_better",
    "p_equivalent",
    "p_worse",
)
_ODDS = ("p_winner_better", "p_equivalent", "p_winner_worse")


def measure_gain(
    table: pd.DataFrame,
    fold_scores: pd.DataFrame,
    standings: Mapping[str, Standing],
    data: Data,
    rope: float,
) -> pd.Series:
    """Compare the best fusion with the best modality alone, on the folds of both.

    Parameters
    ----------
    table : DataFrame
        As `FusionComparison.table`, the best row first.
    fold_scores : DataFrame
    standings : mapping of {str: Standing}
        By candidate.
    data : Data
    rope : float

    Returns
    -------
    gain : Series
        fusion and alone (candidates), difference (what the fusion gains) with its 95 %
        interval low and high, p_value (that it gains nothing, times the number of
        fusions that it is the best of), and the probabilities p_better, p_equivalent
        and p_worse. Empty where no fusion, or no modality alone, has a score.
    """
    scored = table[table["score"].notna()]
    fused = scored.loc[scored["kind"].isin(KINDS), "candidate"]
    alone = scored.loc[scored["kind"] == "alone", "candidate"]
    if fused.empty or alone.empty:
        return pd.Series(dtype=object)
    pair = [fused.iloc[0], alone.iloc[0]]
    folds = fold_scores[fold_scores["candidate"].isin(pair)]
    judged = Judged(folds, {name: standings[name] for name in pair}, data)
    (found,) = judged.against(pair[0], rope).to_dict("records")
    values = (
        *pair,
        *(found[name] for name in ("difference", "low", "high")),
        min(1.0, found["p_value"] * len(fused)),
        *(found[name] for name in _ODDS),
    )
    return pd.Series(dict(zip(COLUMNS, values, strict=True)), dtype=object)


def word_gain(gain: Mapping[str, Any] | pd.Series, scores: Mapping[str, float]) -> str:
    """Say in a sentence what fusing gains; nothing where that is not known.

    Parameters
    ----------
    gain : Series
        As `measure_gain` returns it.
    scores : mapping of {str: float}
        By candidate.
    """
    if not len(gain):
        return ""
    fusion, alone = (f"{gain[n]} with {scores[gain[n]]:.3f}" for n in COLUMNS[:2])
    found = float(gain["difference"])
    if found <= 0:
        return (
            f"Fusion gains nothing over the best single modality ({alone}); "
            f"the best is {fusion}."
        )
    between = ""
    if gain["low"] == gain["low"]:
        between = f" ({gain['low']:+.3f} to {gain['high']:+.3f})"
    told = f"The best fusion gains {found:.3f}{between} over the best single modality, "
    if gain["p_value"] < ALPHA:
        return f"{told}{alone}, beyond chance."
    p_value = float(gain["p_value"])
    known = p_value == p_value
    chance = f" (p = {p_value:.2g} for the best of all fusions)" if known else ""
    return f"{told}{alone}; that may be chance{chance}."
