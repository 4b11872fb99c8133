"""Whether the winner really wins: intervals, tests, and who cannot be told apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hybridml.report.critical_difference_plot import plot_critical_differences
from hybridml.report.html.candidates import show_candidate
from hybridml.report.html.data import ReportData
from hybridml.report.html.figures import make_figure, side_by_side
from hybridml.report.html.markup import Html, join, tag
from hybridml.report.html.numbers import (
    NOTHING,
    is_known,
    p_text,
    score_text,
    share_text,
)
from hybridml.report.html.tables import make_table
from hybridml.report.interval_plot import plot_intervals

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LEAST_SAID = 0.005
_ODDS = {
    "p_winner_better": "better",
    "p_equivalent": "equivalent",
    "p_winner_worse": "worse",
}


def show_differences(data: ReportData) -> Html:
    """Show intervals, groups and tests; nothing where there is one candidate."""
    if len(data.leaderboard) < 2:
        return Html()
    names = [str(name) for name in data.leaderboard["candidate"]]
    alt = f"Scores of {len(names)} candidates with their intervals; {names[0]} leads."
    said = "Dots are means, bars their 95 % intervals, ticks the single folds."
    figure = make_figure(
        draw_differences(data), name="differences", alt=alt, caption=said
    )
    parts = [side_by_side(figure, _list_groups(data)), _show_critical(data)]
    return join([*parts, _list_tests(data)])


def _show_critical(data: ReportData) -> Html:
    """Draw who is told apart from whom; nothing where nobody is compared."""
    known = data.leaderboard.dropna(subset="score").set_index("candidate")["score"]
    groups = [group for group in data.groups if set(group) <= set(known.index)]
    if len(known) < 2 or not groups:
        return Html()
    figure = plot_critical_differences(
        {str(name): float(score) for name, score in known.items()},
        groups,
        data.scoring.replace("_", " "),
    )
    alt = f"{len(known)} scores on a line, with {len(groups)} bars over equals."
    said = "A bar joins candidates of which no two are told apart."
    return make_figure(figure, name="critical", alt=alt, caption=said)


def draw_differences(data: ReportData) -> Figure:
    """Draw what the folds tell apart."""
    winner = str(data.leaderboard["candidate"].iloc[0])
    tied = [name for group in data.groups if winner in group for name in group]
    return plot_intervals(
        data.leaderboard, data.fold_scores, data.scoring.replace("_", " "), tied=tied
    )


def _list_groups(data: ReportData) -> Html:
    groups = [group for group in data.groups if len(group) > 1]
    if not groups:
        return Html()
    entries = [tag("li", " · ".join(map(str, group))) for group in groups]
    said = tag("p", "The folds do not tell apart:")
    return tag("div", said, tag("ul", *entries), class_="beside")


def _list_tests(data: ReportData) -> Html:
    tests = data.significance
    if tests.empty:
        return Html()
    has_odds = all(name in tests for name in _ODDS)
    headings = {"candidate": "", "behind by": "number", "95 % interval": "number"}
    headings |= {"p": "number", "p, adjusted": "number"}
    if has_odds:
        headings["the winner is"] = "odds"
    rows = [
        [
            show_candidate(str(row["candidate"])),
            score_text(row.get("difference")),
            _interval(row),
            p_text(row.get("p_value")),
            p_text(row.get("p_adjusted")),
            *([_show_odds(row)] if has_odds else []),
        ]
        for row in tests.to_dict("records")
    ]
    names = list(dict.fromkeys(tests["test"].dropna())) if "test" in tests else []
    by = f" by {', '.join(map(str, names))}" if names else ""
    return make_table(f"Each candidate against the winner{by}.", headings, rows)


def _interval(row: Mapping[Any, Any]) -> str:
    return f"{score_text(row.get('low'))} to {score_text(row.get('high'))}"


def _show_odds(row: Mapping[Any, Any]) -> Html:
    """Draw three probabilities as one bar, and say them in words."""
    odds = {word: row[name] for name, word in _ODDS.items() if is_known(row[name])}
    likely = {word: share for word, share in odds.items() if share >= _LEAST_SAID}
    parts = [
        tag("span", class_=word, style=f"width:{100 * share:.1f}%")
        for word, share in odds.items()
    ]
    said = ", ".join(f"{share_text(share)} {word}" for word, share in likely.items())
    bar = tag("span", *parts, class_="odds-bar", aria_hidden="true")
    return join([bar if odds else "", tag("span", said or NOTHING, class_="detail")])
