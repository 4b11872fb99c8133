"""What MLflow's pages say of a comparison at a glance: a name, and a note."""

from __future__ import annotations

import math
from typing import Any

from hybridml.comparing.comparison import Comparison


def word_run_name(comparison: Comparison) -> str:
    """Name the run after its outcome: score and winner, since lists cut names short."""
    winner = comparison.winner
    return f"{float(winner['score']):.3f} {winner['candidate']}"


def word_note(comparison: Comparison) -> str:
    """Word the outcome in markdown: verdict, table, warnings and how to reproduce it.

    The table has what one decides by; all columns are in leaderboard.csv.
    """
    header = ("", comparison.scoring, "95 % interval", "p", *_COSTS.values())
    rows = [_row(row) for row in comparison.table.to_dict("records")]
    rule = ["---"] + ["---:"] * (len(header) - 1)
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *rows))
    parts = [
        f"**{comparison.verdict}**",
        table,
        "p: of a difference from the winner, adjusted for their number. "
        "More in `report.html` and `leaderboard.csv` under Artifacts.",
        *(f"⚠ {warning}" for warning in comparison.warnings),
        f"Reproduce it:\n\n```python\n{comparison.call}\n```",
    ]
    return "\n\n".join(parts) + "\n"


_COSTS = {
    "fit_time_s": "fit, s",
    "predict_ms_per_image": "predict, ms",
    "model_mb": "size, MB",
}


def _row(row: dict[Any, Any]) -> list[str]:
    low, high = row["score_low"], row["score_high"]
    interval = f"{low:.3f} to {high:.3f}" if math.isfinite(low + high) else ""
    costs = (_number(row[name], 1) for name in _COSTS)
    p_value = _number(row["p_value"], 3)
    return [row["candidate"], _number(row["score"], 3), interval, p_value, *costs]


def _number(value: Any, n_digits: int) -> str:
    return f"{value:.{n_digits}f}" if math.isfinite(value) else ""
