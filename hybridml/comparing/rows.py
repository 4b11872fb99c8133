"""The results of folds as rows: of a contender, of a fold, of what was chosen from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from hybridml.comparing.contender import Contender
from hybridml.comparing.race import Standing
from hybridml.comparing.statistics.pareto import is_pareto_optimal

COSTS = ("fit_time_s", "predict_ms_per_image", "model_mb")


def make_row(contender: Contender, standing: Standing) -> dict[str, Any]:
    """Sum the folds of a contender up: means of scores and costs, and what was chosen.

    Without a result all numbers are NaN.
    """
    results = list(standing.results.values())
    numbers = pd.DataFrame([result.numbers() for result in results])
    means = {
        name: float(numbers[name].mean()) if results else math.nan
        for name in ("score", *COSTS)
    }
    return {
        "candidate": contender.name,
        **contender.columns(),
        **_most_chosen(contender, standing),
        "score_std": float(numbers["score"].std(ddof=1)) if results else math.nan,
        "n_folds": len(results),
        "images_forwarded": int(numbers["images_forwarded"].sum()) if results else 0,
        "note": standing.note,
        **means,
    }


def rank(
    rows: pd.DataFrame,
    scores: Mapping[str, Mapping[int, float]],
    precedence: Mapping[str, float],
) -> pd.DataFrame:
    """Bring rows in order, the best first.

    Those with all the folds go by their mean score. One with fewer goes by what it
    gains over the best of those on the folds that it has: folds differ. Of equal scores
    the one of lower precedence stands first.

    Parameters
    ----------
    rows : DataFrame
        A row a contender.
    scores : mapping of {str: {int: float}}
        By contender and fold.
    precedence : mapping of {str: float}
        By contender.
    """
    most = rows["n_folds"].max()
    full = rows[rows["n_folds"] == most].sort_values("score", ascending=False)
    reference = scores[full.iloc[0]["candidate"]]
    known = rows.assign(
        _rank=[_comparable(scores[name], reference) for name in rows["candidate"]],
        _precedence=rows["candidate"].map(precedence),
    ).round({"_rank": 12})
    order = known.sort_values(
        ["_rank", "_precedence"],
        ascending=[False, True],
        kind="stable",
        na_position="last",
    ).index
    return rows.loc[order].reset_index(drop=True)


def mark_pareto(table: pd.DataFrame) -> pd.Series:
    """Tell which rows no other beats in score, fit time, latency and size at once."""
    values = table[["score", *COSTS]].to_numpy(dtype=np.float64)
    return pd.Series(
        is_pareto_optimal(values, better=("high", "low", "low", "low")),
        index=table.index,
    )


def fold_table(
    contenders: Sequence[Contender], standings: Sequence[Standing]
) -> pd.DataFrame:
    """List every result: the contender, fold (from 1), its choice, and the numbers."""
    rows = [
        {
            "candidate": contender.name,
            **contender.columns(),
            "fold": fold + 1,
            **result.choice,
            **result.numbers(),
        }
        for contender, standing in zip(contenders, standings, strict=True)
        for fold, result in sorted(standing.results.items())
    ]
    return pd.DataFrame(rows)


def inner_table(
    contenders: Sequence[Contender], standings: Sequence[Standing], by: Sequence[str]
) -> pd.DataFrame:
    """Average the inner scores of whatever could be chosen over the outer folds.

    Parameters
    ----------
    contenders : sequence of Contender
    standings : sequence of Standing
    by : sequence of str
        What makes a choice: columns of the contenders, or of their inner scores.

    Returns
    -------
    table : DataFrame
        These columns, score and score_std; empty where nothing was chosen.
    """
    columns = [*by, "score", "score_std"]
    parts = [
        result.inner_scores.assign(**contender.columns())
        for contender, standing in zip(contenders, standings, strict=True)
        for result in standing.results.values()
        if result.inner_scores is not None
    ]
    if not parts:
        return pd.DataFrame(columns=columns)
    every = pd.concat(parts)[columns]
    return every.groupby([*by], sort=False, as_index=False).mean()


def _most_chosen(contender: Contender, standing: Standing) -> dict[str, str]:
    chosen = [result.choice for result in standing.results.values()]
    return max(chosen, key=chosen.count) if chosen else contender.choice()


def _comparable(own: Mapping[int, float], reference: Mapping[int, float]) -> float:
    """Mean score as it would be on the reference's folds."""
    shared = [fold for fold in own if fold in reference]
    if not shared:
        return math.nan
    gain = np.mean([own[fold] - reference[fold] for fold in shared])
    return float(np.mean(list(reference.values())) + gain)
