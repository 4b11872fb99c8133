"""From the results of the folds to the table of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import pandas as pd

from hybridml.comparing.baseline import BASELINE
from hybridml.comparing.comparison import Comparison
from hybridml.comparing.contender import Contender
from hybridml.comparing.data import Data
from hybridml.comparing.data_facts import describe_data, find_warnings
from hybridml.comparing.judging import Judged
from hybridml.comparing.race import Standing
from hybridml.comparing.rows import fold_table, make_row, mark_pareto, rank
from hybridml.comparing.scoring import score_bounds

# Columns of the table, behind the name, the columns and the choice of the contenders.
MEASURED = (
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

C = TypeVar("C", bound=Comparison)


def sum_up(
    kind: type[C],
    contenders: Sequence[Contender],
    standings: Sequence[Standing],
    data: Data,
    *,
    rope: float | None,
    is_interrupted: bool,
    call: str,
    where: str,
) -> C:
    """Make a comparison of what its folds have given so far.

    Parameters
    ----------
    kind : subclass of Comparison
    contenders : sequence of Contender
    standings : sequence of Standing
        One a contender.
    data : Data
    rope : float or None
        None is 0.01; for errors a hundredth of the baseline's.
    is_interrupted : bool
    call, where : str
        For the comparison.
    """
    pairs = list(zip(contenders, standings, strict=True))
    rows = pd.DataFrame([make_row(*pair) for pair in pairs]).astype(kind.dtypes)
    folds = fold_table(contenders, standings).astype(kind.dtypes)
    by_name = dict(zip(rows["candidate"], standings, strict=True))
    judged = Judged(folds, by_name, data)
    precedence = {contender.name: contender.precedence for contender in contenders}
    table = rank(rows, judged.scores(), precedence)
    name = data.scoring_name
    margin = _margin(table, name) if rope is None else float(rope)
    intervals, bounds = judged.intervals(), score_bounds(name)
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
    own = [*contenders[0].columns(), *contenders[0].choice()]
    return kind(
        table=table[["candidate", *own, *MEASURED]],
        significance=significance,
        fold_scores=folds,
        scoring=name,
        task=data.task,
        facts=describe_data(data),
        warnings=find_warnings(data),
        rope=margin,
        is_interrupted=is_interrupted,
        groups=judged.groups(),
        call=call,
        where=where,
        _data=data,
        _contenders=contenders,
        _standings=standings,
    )


def _margin(table: pd.DataFrame, scoring: str) -> float:
    """Say which difference does not matter: a point, or a hundredth of an error."""
    guess = table.loc[table["candidate"] == BASELINE, "score"]
    if not scoring.startswith("neg_") or guess.empty or guess.isna().any():
        return 0.01
    return 0.01 * abs(float(guess.iloc[0]))
