"""From the results of the folds to the table of a comparison."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from hybridml.transfer.comparing.candidate import Candidate
from hybridml.transfer.comparing.comparison import TransferComparison
from hybridml.transfer.comparing.data_facts import describe_data, find_warnings
from hybridml.transfer.comparing.judging import Judged
from hybridml.transfer.comparing.race import Standing
from hybridml.transfer.comparing.trial import Data
from hybridml.transfer.scoring import score_bounds
from hybridml.transfer.statistics.pareto import is_pareto_optimal
from hybridml.transfer.tasks import Task

COLUMNS = (
    "candidate",
    "case",
    "backbone",
    "cut_layer",
    "head",
    "score",
    "score_low",
    "score_high",
    "score_std",
    "n_folds",
    "p_value",
    "p_equivalent",
    "fit_time_s",
    "predict_ms_per_image",
    "model_mb",
    "images_forwarded",
    "is_pareto",
    "note",
)
_COSTS = ("fit_time_s", "predict_ms_per_image", "model_mb")


def sum_up(
    candidates: Sequence[Candidate],
    standings: Sequence[Standing],
    data: Data,
    *,
    task: Task,
    scoring: str,
    rope: float | None,
    digests: Sequence[bytes],
    is_interrupted: bool,
    call: str,
    where: str,
) -> TransferComparison:
    """Make a comparison of what its folds have given so far."""
    pairs = list(zip(candidates, standings, strict=True))
    rows = pd.DataFrame([make_row(*pair) for pair in pairs])
    folds = fold_table(candidates, standings)
    by_name = dict(zip(rows["candidate"], standings, strict=True))
    judged = Judged(folds, by_name, data, task)
    table = rank(rows.astype({"case": "Int64"}), judged.scores())
    margin = _margin(table, scoring) if rope is None else float(rope)
    intervals, bounds = judged.intervals(), score_bounds(scoring)
    significance = judged.against(table["candidate"][0], margin)
    tested = significance.set_index("candidate")
    names = table["candidate"]
    table = table.assign(
        score_low=[max(intervals[name][0], bounds[0]) for name in names],
        score_high=[min(intervals[name][1], bounds[1]) for name in names],
        p_value=tested["p_adjusted"].reindex(names).to_numpy(),
        p_equivalent=tested["p_equivalent"].reindex(names).to_numpy(),
        is_pareto=mark_pareto(table),
    )
    return TransferComparison(
        table=table[list(COLUMNS)],
        significance=significance,
        fold_scores=folds,
        layer_scores=layer_table(candidates, standings),
        scoring=scoring,
        task=task,
        facts=describe_data(data.targets, data.folds, task),
        warnings=find_warnings(data.targets, data.folds, task, digests),
        rope=margin,
        is_interrupted=is_interrupted,
        groups=judged.groups(),
        call=call,
        where=where,
        _data=data,
        _candidates=candidates,
        _standings=standings,
    )


def make_row(candidate: Candidate, standing: Standing) -> dict[str, Any]:
    """Sum the folds of a candidate up: means of scores and costs, and what was chosen.

    Without a result all numbers are NaN.
    """
    cut_layer, head = _most_chosen(candidate, standing)
    results = list(standing.results.values())
    numbers = pd.DataFrame([result.numbers() for result in results])
    means = {
        name: float(numbers[name].mean()) if results else math.nan
        for name in ("score", *_COSTS)
    }
    return {
        "candidate": candidate.name,
        "case": candidate.case,
        "backbone": "" if candidate.case is None else candidate.options.backbone,
        "cut_layer": cut_layer,
        "head": head,
        "score_std": float(numbers["score"].std(ddof=1)) if results else math.nan,
        "n_folds": len(results),
        "images_forwarded": int(numbers["images_forwarded"].sum()) if results else 0,
        "note": standing.note,
        **means,
    }


def rank(rows: pd.DataFrame, scores: Mapping[str, Mapping[int, float]]) -> pd.DataFrame:
    """Bring rows in order, the best first.

    Those with all the folds go by their mean score. One with fewer goes by what it
    gains over the best of those on the folds that it has: folds differ. Of equal scores
    the lower case stands first, which trains less, and the baseline last.

    Parameters
    ----------
    rows : DataFrame
        A row a candidate.
    scores : mapping of {str: {int: float}}
        By candidate and fold.
    """
    most = rows["n_folds"].max()
    full = rows[rows["n_folds"] == most].sort_values("score", ascending=False)
    reference = scores[full.iloc[0]["candidate"]]
    known = rows.assign(
        _rank=[_comparable(scores[name], reference) for name in rows["candidate"]],
        _case=rows["case"].astype("Float64").fillna(math.inf),
    ).round({"_rank": 12})
    order = known.sort_values(
        ["_rank", "_case"], ascending=[False, True], kind="stable", na_position="last"
    ).index
    return rows.loc[order].reset_index(drop=True)


def mark_pareto(table: pd.DataFrame) -> pd.Series:
    """Tell which rows no other beats in score, fit time, latency and size at once."""
    values = table[["score", *_COSTS]].to_numpy(dtype=np.float64)
    return pd.Series(
        is_pareto_optimal(values, better=("high", "low", "low", "low")),
        index=table.index,
    )


def fold_table(
    candidates: Sequence[Candidate], standings: Sequence[Standing]
) -> pd.DataFrame:
    """List every result: candidate, case, backbone, fold (from 1), and the numbers."""
    rows = [
        {
            "candidate": candidate.name,
            "case": candidate.case,
            "backbone": candidate.options.backbone
            if candidate.case is not None
            else "",
            "fold": fold + 1,
            "cut_layer": result.cut_layer,
            "head": result.head,
            **result.numbers(),
        }
        for candidate, standing in zip(candidates, standings, strict=True)
        for fold, result in sorted(standing.results.items())
    ]
    return pd.DataFrame(rows).astype({"case": "Int64"})


def layer_table(
    candidates: Sequence[Candidate], standings: Sequence[Standing]
) -> pd.DataFrame:
    """Average the inner scores of each layer and head over the outer folds."""
    columns = ["backbone", "cut_layer", "head", "score", "score_std"]
    parts = [
        result.layers.assign(backbone=candidate.options.backbone)
        for candidate, standing in zip(candidates, standings, strict=True)
        for result in standing.results.values()
        if result.layers is not None
    ]
    if not parts:
        return pd.DataFrame(columns=columns)
    every = pd.concat(parts)[columns]
    return every.groupby(columns[:3], sort=False, as_index=False).mean()


def _margin(table: pd.DataFrame, scoring: str) -> float:
    """Say which difference does not matter: a point, or a hundredth of an error."""
    guess = table.loc[table["case"].isna(), "score"]
    if not scoring.startswith("neg_") or guess.empty or guess.isna().any():
        return 0.01
    return 0.01 * abs(float(guess.iloc[0]))


def _most_chosen(candidate: Candidate, standing: Standing) -> tuple[str, str]:
    chosen = [(r.cut_layer, r.head) for r in standing.results.values()]
    return max(chosen, key=chosen.count) if chosen else candidate.cut_layer_and_head()


def _comparable(own: Mapping[int, float], reference: Mapping[int, float]) -> float:
    """Mean score as it would be on the reference's folds."""
    shared = [fold for fold in own if fold in reference]
    if not shared:
        return math.nan
    gain = np.mean([own[fold] - reference[fold] for fold in shared])
    return float(np.mean(list(reference.values())) + gain)
