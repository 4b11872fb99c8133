"""What a comparison found, as tables and sentences that fit 80 columns."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    import pandas as pd

_BAR_WIDTH = 36

LEGEND = (
    "95 %: where the score lies, as far as the folds can tell. p: that the winner is\n"
    "no better. fit s: seconds a fold. ms/img: milliseconds to predict an image."
)


def leaderboard(table: pd.DataFrame, scoring: str) -> Table:
    """Lay the rows of a comparison out, the best first and in bold."""
    shown = start_leaderboard(table, scoring)
    for name in ("case", "backbone", "cut layer", "head"):
        shown.add_column(name, overflow="fold")
    add_measured(shown, per="img")
    for i, row in enumerate(table.to_dict("records")):
        shown.add_row(
            "-" if row["backbone"] == "" else str(row["case"]),
            row["backbone"] or "guessing",
            row["cut_layer"],
            row["head"],
            *measured(row),
            style="bold" if i == 0 else "",
        )
    return shown


def start_leaderboard(table: pd.DataFrame, scoring: str) -> Table:
    """Make an empty table whose title says what the scores are."""
    has_folds = bool((table["n_folds"] > 1).any())
    mean = ", mean over the folds" if has_folds else ""
    return _table(f"Leaderboard ({scoring}{mean})")


def add_measured(shown: Table, *, per: str) -> None:
    """Add the columns of what is measured, whatever was compared."""
    for name in ("score", "95 %", "p", "fit s", f"ms/{per}"):
        shown.add_column(name, justify="right", no_wrap=True)


def measured(row: Mapping[Hashable, Any]) -> tuple[str, ...]:
    """Write the cells of these columns for a row of a comparison's table."""
    return (
        _number(row["score"], ".3f"),
        _interval(row["score_low"], row["score_high"]),
        _number(row["p_value"], ".2f"),
        _number(row["fit_time_s"], ".1f"),
        _number(row["predict_ms_per_image"], ".1f"),
    )


def describe_missing(table: pd.DataFrame) -> list[str]:
    """Say which rows do not have all the folds, and why."""
    return [
        f"{row['candidate']}: {row['note']}"
        for row in table.to_dict("records")
        if row["note"]
    ]


def layer_curve(layer_scores: pd.DataFrame) -> Table:
    """Draw case 1's inner score of each cut layer, with its best head, as bars."""
    best = _best_heads(layer_scores)
    low, high = _scale(best["score"])
    title = f"Case 1, where to cut (inner folds; bars from {low:.2f})"
    shown = _table(title)
    several = best["backbone"].nunique() > 1
    for name in ("backbone", "cut layer") if several else ("cut layer",):
        shown.add_column(name, overflow="fold")
    shown.add_column("head")
    shown.add_column("score", justify="right")
    shown.add_column("")
    tops = best.groupby("backbone")["score"].transform("max")
    for row, top in zip(best.to_dict("records"), tops, strict=True):
        bar = Text(_bar(row["score"], low, high), style="blue")
        names = [row["backbone"]] if several else []
        cells = [*names, row["cut_layer"], row["head"], f"{row['score']:.3f}", bar]
        shown.add_row(*cells, style="bold" if row["score"] == top else "")
    return shown


def describe_cut(layer_scores: pd.DataFrame) -> str:
    """Say how the best cut compares with the last one, as the scores have it."""
    top, last = _best_and_last(layer_scores)
    gain = top["score"] - last["score"]
    if top["cut_layer"] == last["cut_layer"]:
        return f"The last cut, {last['cut_layer']}, is the best one here."
    best, usual = (f"{r['cut_layer']} {r['score']:.3f}" for r in (top, last))
    between = f"({best}, {usual})"
    if not is_early_cut_better(layer_scores):
        return f"An earlier cut does about as well as the last one {between}."
    return f"An earlier cut beats the last one by {gain:.3f} {between}."


def is_early_cut_better(layer_scores: pd.DataFrame) -> bool:
    """Whether an earlier cut beats the last one by more than the folds' spread."""
    top, last = _best_and_last(layer_scores)
    spread = max(top["score_std"], last["score_std"])
    return bool(top["score"] - last["score"] > spread)


def describe_passes(table: pd.DataFrame, n_images: int) -> str:
    """Say what cases 0 and 1 sent through the network, and what that means."""
    rows = table[(table["case"] < 2).fillna(False).astype(bool)]
    if rows.empty:
        return ""
    cases = " and ".join(str(case) for case in sorted(set(rows["case"])))
    who = f"Case{'s' if ' ' in cases else ''} {cases}"
    n_passes = int(rows["images_forwarded"].sum())
    if n_passes == 0:
        return f"{who} forwarded no image: all features came from the store."
    n_networks = rows["backbone"].nunique()
    if n_passes <= n_images * n_networks:
        again = " Their features are stored: the next run forwards none of them again."
        return f"{who} forwarded {n_passes:,} images, each once.{again}"
    return f"{who} forwarded images {n_passes:,} times: no store was used."


def _best_and_last(layer_scores: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    best = _best_heads(layer_scores)
    top = best.sort_values("score", ascending=False, kind="stable").iloc[0]
    return top, best[best["backbone"] == top["backbone"]].iloc[-1]


def _best_heads(layer_scores: pd.DataFrame) -> pd.DataFrame:
    """Keep the best head of each layer, in the order of the layers."""
    order = layer_scores.sort_values("score", ascending=False, kind="stable")
    return order.drop_duplicates(["backbone", "cut_layer"]).sort_index()


def _scale(scores: pd.Series[float]) -> tuple[float, float]:
    """Choose where the bars begin and end: a round number below all, and 1."""
    low, high = float(scores.min()), float(scores.max())
    if low < 0 or high > 1:  # an error with its sign turned, say
        return low - 0.1 * (high - low or 1.0), high
    return max(0.0, int((low - 0.02) * 10) / 10), 1.0


def _bar(score: float, low: float, high: float) -> str:
    """Draw a bar in eighths of a character."""
    part = (score - low) / (high - low) if high > low else 1.0
    full, rest = divmod(max(0, round(part * _BAR_WIDTH * 8)), 8)
    parts: tuple[str, ...] = ("", *"▏▎▍▌▋▊▉")
    return "█" * full + parts[rest]


def _number(value: float, form: str) -> str:
    return "-" if value != value else format(value, form)  # NaN is not itself


def _interval(low: float, high: float) -> str:
    """Write bounds as short as 80 columns want them: .97-.99."""
    if low != low:  # NaN: not known
        return "-"
    return "-".join(f"{end:.2f}".removeprefix("0") for end in (low, high))


def _table(title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=0,
    )
