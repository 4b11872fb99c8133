"""What a comparison found, in sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from hybridml.comparing.baseline import BASELINE
from hybridml.comparing.contender import Contender

ALPHA = 0.05
_AS_GOOD = 1e-12
_N_NAMED = 3


def is_baseline(row: Mapping[Any, Any] | pd.Series) -> bool:
    """Whether a row is that of the one that guesses."""
    return bool(row["candidate"] == BASELINE)


def describe(contender: Contender, choice: Mapping[str, str]) -> str:
    """Name a contender with what it chose: ``case 1 (resnet18, layer3, linear_svm)``.

    In brackets stand the texts among its columns, and the choice.
    """
    if contender.name == BASELINE:
        return "the baseline (guessing)"
    told = [*contender.columns().values(), *choice.values()]
    details = ", ".join(part for part in told if isinstance(part, str) and part)
    return f"{contender.label} ({details})" if details else contender.label


def word_verdict(
    table: pd.DataFrame,
    significance: pd.DataFrame,
    names: Mapping[str, str],
    noun: str = "contender",
) -> str:
    """Say which row won, how sure that is, and which cheaper one does as well.

    Parameters
    ----------
    table : DataFrame
        As `Comparison.table`.
    significance : DataFrame
        As `Comparison.significance`.
    names : mapping of {str: str}
        What the candidates are called.
    noun : str, default="contender"
        What one of them is.
    """
    best, others = table.iloc[0], table.iloc[1:]
    scored = others[others["score"].notna()]
    if is_baseline(best):
        parts = [f"No {noun} beats guessing, which scores {_score(best)}."]
        for _, second in scored.head(1).iterrows():
            name = names[second["candidate"]]
            parts.append(f"The best, {name}, has {second['score']:.3f}.")
        return " ".join(parts)
    parts = [f"{names[best['candidate']]} wins with {_score(best)}."]
    if scored.empty:
        return parts[0]
    p_values = significance.set_index("candidate")["p_adjusted"]
    is_rival = ~(p_values.loc[scored["candidate"]] < ALPHA).to_numpy()
    rivals = scored[is_rival & (scored["candidate"] != BASELINE)]
    if not is_rival.any():
        parts.append("It is better than all the others, beyond chance.")
    if len(rivals):
        parts.append(_word_rivals(best, rivals, names))
    if 0 < is_rival.sum() < len(scored):
        parts.append("It is better than the rest, beyond chance.")
    if is_rival.sum() > len(rivals):
        parts.append("The data do not tell it from guessing either.")
    return " ".join(parts)


def economical(table: pd.DataFrame, significance: pd.DataFrame) -> pd.Series:
    """Find the row to take: the quickest to fit of those as good as the winner.

    As good is what the tests do not tell apart from the winner, and what more probably
    than not lies less than the margin of practical equivalence behind it.
    """
    best = table.iloc[0]
    rows = table.iloc[1:]
    rows = rows[rows["score"].notna() & (rows["candidate"] != BASELINE)]
    if rows.empty or is_baseline(best):
        return best
    against = significance.set_index("candidate").loc[rows["candidate"]]
    is_near = (against["p_winner_better"] < 0.5).to_numpy()
    is_rival = (against["p_adjusted"] >= ALPHA).to_numpy() & is_near
    cheap = rows[is_rival].sort_values("fit_time_s").head(1)
    if cheap.empty or cheap.iloc[0]["fit_time_s"] >= best["fit_time_s"]:
        return best
    return cheap.iloc[0]


def _word_rivals(
    best: pd.Series, rivals: pd.DataFrame, names: Mapping[str, str]
) -> str:
    same = rivals["score"].sub(best["score"]).abs() < _AS_GOOD
    cost = [_compare_times(row, best) for _, row in rivals.iterrows()]
    words = [names[name] for name in rivals["candidate"]]
    if same.all():
        named = [
            f"{word}{told and f' ({told})'}"
            for word, told in zip(words, cost, strict=True)
        ]
        scores = "scores" if len(named) == 1 else "score"
        return f"{_capital(_list(named))} {scores} the same."
    named = [
        f"{word} with {score:.3f}{told and f', {told}'}"
        for word, score, told in zip(words, rivals["score"], cost, strict=True)
    ]
    return f"Not distinguishable from it: {_list(named)}."


def _list(named: list[str]) -> str:
    """List the first ones, and count the rest."""
    shown = named[:_N_NAMED]
    if len(named) > _N_NAMED:
        shown = [*named[: _N_NAMED - 1], f"{len(named) - _N_NAMED + 1} more"]
    separator = "; " if any("," in name for name in shown) else ", "
    start = separator.join(shown[:-1])
    return f"{start} and {shown[-1]}" if start else shown[-1]


def _compare_times(row: pd.Series, best: pd.Series) -> str:
    """Say how much cheaper or dearer a row is to fit, where that is worth saying."""
    if not row["fit_time_s"] > 0 or not best["fit_time_s"] > 0:
        return ""
    ratio = best["fit_time_s"] / row["fit_time_s"]
    if ratio >= 1.5:
        return f"{_times(ratio)} cheaper to fit"
    if ratio <= 1 / 1.5:
        return f"{_times(1 / ratio)} dearer to fit"
    return ""


def _times(ratio: float) -> str:
    return f"{ratio:.0f} times" if ratio >= 10 else f"{ratio:.1f} times"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _score(row: pd.Series) -> str:
    if math.isnan(row["score_low"]):
        return f"{row['score']:.3f}"
    return f"{row['score']:.3f} ({row['score_low']:.3f} to {row['score_high']:.3f})"
