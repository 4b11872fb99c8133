"""A comparison as the plain data that its HTML report is made of."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hybridml._environment import describe_environment
from hybridml.comparing.comparison import Comparison
from hybridml.exceptions import ImageDecodeError
from hybridml.finetune.watching.diagnosis import diagnose
from hybridml.images.thumbnail import make_thumbnail
from hybridml.report.html import History, Mistake, ReportData

_N_MISTAKES = 12


def report_of(
    comparison: Comparison,
    *,
    layer_scores: pd.DataFrame | None = None,
    layer_curve: pd.DataFrame | None = None,
) -> ReportData:
    """Collect what the report of a comparison shows.

    Parameters
    ----------
    comparison : Comparison
    layer_scores : DataFrame or None, default=None
        As `TransferComparison.layer_scores`.
    layer_curve : DataFrame or None, default=None
        As `LayerCurve.table`.
    """
    names = comparison.names
    layers = pd.DataFrame() if layer_scores is None else layer_scores
    return ReportData(
        title=comparison.title,
        verdict=comparison.verdict[:1].upper() + comparison.verdict[1:],
        created=date.today().isoformat(),
        scoring=comparison.scoring,
        task=comparison.task,
        leaderboard=_renamed(comparison.table, names),
        significance=_renamed(comparison.significance, names),
        fold_scores=_renamed(comparison.fold_scores, names),
        layer_scores=layers,
        layer_curve=layer_curve,
        groups=[[names[name] for name in group] for group in comparison.groups],
        histories=[
            History(names[name], history, _findings(history))
            for name, history in comparison.histories.items()
        ],
        mistakes=find_mistakes(comparison),
        facts=comparison.facts,
        warnings=comparison.warnings,
        environment=describe_environment(),
        reproduce=comparison.call,
        noun=comparison.noun_of_rows,
        **_predictions(comparison),
    )


def find_mistakes(comparison: Comparison, n_shown: int = _N_MISTAKES) -> list[Mistake]:
    """Pick the images about which the winner was wrong, the most confident first.

    For a regression those with the largest errors. Rows without an image, and images
    that cannot be decoded any more, are left out.
    """
    told = comparison.predictions()
    if comparison.task == "regression":
        errors = [_distance(*pair) for pair in told[["target", "predicted"]].to_numpy()]
        order = told.assign(_by=errors).sort_values("_by", ascending=False)
    else:
        wrong = told[[a != b for a, b in told[["target", "predicted"]].to_numpy()]]
        order = wrong.sort_values("confidence", ascending=False, kind="stable")
    found = (_mistake(comparison, row) for _, row in order.head(n_shown).iterrows())
    return [mistake for mistake in found if mistake is not None]


def _mistake(comparison: Comparison, row: pd.Series) -> Mistake | None:
    position = int(row.iloc[0])
    image = comparison.image(position)
    if image is None:
        return None
    try:
        picture = make_thumbnail(image)
    except ImageDecodeError:
        return None
    is_named = isinstance(image, str | os.PathLike)
    caption = Path(image).name if is_named else f"{comparison.noun_of_rows} {position}"
    return Mistake(
        picture,
        caption,
        _word(row["target"]),
        _word(row["predicted"]),
        float(row["confidence"]),
    )


def _predictions(comparison: Comparison) -> dict[str, Any]:
    told = comparison.predictions()
    truth = np.array(told["target"].tolist())
    predicted = np.array(told["predicted"].tolist())
    known = told["confidence"].notna().all()
    found = {
        "truth": truth,
        "predicted": predicted,
        "confidence": told["confidence"].to_numpy() if known else None,
    }
    if comparison.task == "regression":
        return found
    if comparison.task == "multilabel":
        labels = [str(number) for number in range(truth.shape[1])]
        numbers = {"truth": truth.astype(int), "predicted": predicted.astype(int)}
        return {**found, **numbers, "classes": labels}
    classes = np.unique(np.concatenate([truth, predicted]))
    texts = {"truth": truth.astype(str), "predicted": predicted.astype(str)}
    return {**found, **texts, "classes": [str(name) for name in classes.tolist()]}


def _renamed(table: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    return table.assign(candidate=table["candidate"].map(names))


def _findings(history: pd.DataFrame) -> list[str]:
    found = diagnose(history)
    is_ill = found.verdict not in ("good fit", "cannot tell")
    cures = [f"Try: {cure}" if is_ill else cure for cure in found.cure]
    return [found.verdict, *found.evidence, *cures]


def _distance(target: Any, predicted: Any) -> float:
    return float(np.abs(np.subtract(target, predicted)).sum())


def _word(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(_word(part) for part in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)
