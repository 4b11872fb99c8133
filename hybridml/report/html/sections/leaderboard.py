"""The leaderboard: every candidate's score with its interval, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from hybridml.report.html.candidates import show_candidate
from hybridml.report.html.data import ReportData
from hybridml.report.html.markup import Html, join, tag
from hybridml.report.html.numbers import (
    NOTHING,
    digits_text,
    is_known,
    score_text,
    seconds_text,
)
from hybridml.report.html.tables import make_table

Write = Callable[[Any], str]

_COSTS: dict[str, tuple[str, Write]] = {
    "fit_time_s": ("training", seconds_text),
    "predict_ms_per_image": ("ms {one}", digits_text),
    "model_mb": ("model, MB", digits_text),
    "images_forwarded": ("images forwarded", digits_text),
}


def show_leaderboard(data: ReportData) -> Html:
    """Show the table of the candidates, the best first."""
    rows = data.leaderboard.to_dict("records")
    costs = [name for name in _COSTS if _is_any_known(data.leaderboard, name)]
    low, high = _scale(data.leaderboard)
    headings = {"#": "rank", "candidate": "", data.scoring.replace("_", " "): "score"}
    headings |= {_COSTS[name][0].format(one=data.one): "number" for name in costs}
    cells = [
        [
            str(rank),
            _describe(row),
            _write_score(row, low, high),
            *(_COSTS[name][1](row[name]) for name in costs),
        ]
        for rank, row in enumerate(rows, start=1)
    ]
    return make_table(_caption(data), headings, cells, marked=1)


def _caption(data: ReportData) -> str:
    said = f"{len(data.leaderboard)} candidates on the same splits, the best first."
    if len(data.leaderboard) == 1:
        said = "The only candidate."
    if _is_any_known(data.leaderboard, "n_folds"):
        said += f" Scores are means over {int(data.leaderboard['n_folds'].max())} folds"
        has_interval = _is_any_known(data.leaderboard, "score_low")
        said += ", with 95 % intervals." if has_interval else "."
    if _is_any_known(data.leaderboard, "is_pareto"):
        said += " On the front: no other is both better and cheaper."
    return said


def _describe(row: Mapping[Any, Any]) -> Html:
    """Name a candidate, with its note below."""
    is_on_front = is_known(row.get("is_pareto")) and bool(row["is_pareto"])
    note = row.get("note")
    return join(
        [
            show_candidate(
                str(row["candidate"]),
                tag("span", "on the front", class_="badge") if is_on_front else "",
            ),
            tag("span", str(note), class_="detail") if is_known(note) else "",
        ]
    )


def _write_score(row: Mapping[Any, Any], low: float, high: float) -> Html:
    ends = [row.get("score_low"), row.get("score_high")]
    has_interval = all(is_known(end) for end in ends)
    said = f"{score_text(ends[0])} to {score_text(ends[1])}" if has_interval else ""
    if not has_interval and is_known(row.get("score_std")):
        said = f"± {score_text(row['score_std'])}"
    score = tag("span", score_text(row["score"]), class_="value")
    interval = tag("span", said, class_="detail") if said else ""
    if not is_known(row["score"]):
        return tag("span", NOTHING, class_="value")
    left, right = ends if has_interval else [row["score"]] * 2
    places = {"at": row["score"], "from": left, "to": right}
    style = ";".join(
        f"--{name}:{100 * _clip((value - low) / (high - low)):.1f}%"
        for name, value in places.items()
    )
    strip = tag(
        "span", tag("span"), tag("i"), class_="strip", style=style, aria_hidden="true"
    )
    return join([score, interval, strip])


def _scale(leaderboard: pd.DataFrame) -> tuple[float, float]:
    """Span all scores and intervals, with room at both ends."""
    columns = [n for n in ("score", "score_low", "score_high") if n in leaderboard]
    values = leaderboard[columns].to_numpy(dtype=float, na_value=math.nan).ravel()
    known = values[~pd.isna(values)]
    low, high = (known.min(), known.max()) if len(known) else (0.0, 1.0)
    room = 0.04 * (high - low) or 0.5
    return float(low - room), float(high + room)


def _clip(share: float) -> float:
    return min(1.0, max(0.0, share))


def _is_any_known(table: pd.DataFrame, column: str) -> bool:
    return column in table and bool(table[column].notna().any())
