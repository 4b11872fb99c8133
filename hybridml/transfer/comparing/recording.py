"""What a comparison tells the tracker about itself and its outcome."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hybridml.tracking.protocol import Run
from hybridml.transfer.comparing.candidate import Candidate
from hybridml.transfer.comparing.comparison import TransferComparison, describe_row
from hybridml.transfer.splits import Fold


def comparison_title(candidates: Sequence[Candidate]) -> str:
    """Name the parent run after the backbones."""
    backbones = dict.fromkeys(c.options.backbone for c in candidates)
    return f"transfer cases: {', '.join(backbones)}"


def comparison_tags(candidates: Sequence[Candidate]) -> dict[str, str]:
    """Tags by which parent runs are found."""
    cases = dict.fromkeys(str(c.case) for c in candidates)
    return {"hybridml.kind": "comparison", "hybridml.cases": ", ".join(cases)}


def data_params(
    labels: npt.NDArray[Any], folds: Sequence[Fold], scoring: str
) -> dict[str, object]:
    """Say what is compared on."""
    classes, counts = np.unique(labels, return_counts=True)
    sizes = zip(classes.tolist(), counts.tolist(), strict=True)
    return {
        "n_images": len(labels),
        "n_classes": len(classes),
        "images_per_class": ", ".join(f"{name}: {count}" for name, count in sizes),
        "n_folds": len(folds),
        "scoring": scoring,
    }


def record_outcome(parent: Run, comparison: TransferComparison) -> None:
    """Name the winner on the parent, with its score, the table and the picture."""
    winner = comparison.winner
    parent.set_tags(
        {
            "hybridml.winner": describe_row(winner),
            "hybridml.case": str(winner["case"]),
            "hybridml.backbone": winner["backbone"],
            "hybridml.cut_layer": winner["cut_layer"],
            "hybridml.head": winner["head"],
            "mlflow.note.content": _note(comparison),
        }
    )
    scores = {
        f"score_case_{row['case']}": float(row["score"])
        for row in comparison.table[::-1].to_dict("records")  # the best one counts
    }
    every = {"score": float(winner["score"]), **scores}
    parent.log_metrics({name: v for name, v in every.items() if np.isfinite(v)})
    parent.log_text(comparison.table.to_csv(index=False), "leaderboard.csv")
    if len(comparison.layer_scores):
        parent.log_text(comparison.layer_scores.to_csv(index=False), "layers.csv")
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "leaderboard.png"
        comparison.plot(picture)
        parent.log_file(picture)


def _note(comparison: TransferComparison) -> str:
    """Word the outcome in markdown, for the run's page."""
    table = comparison.table
    header, rule = " | ".join(table.columns), " | ".join("---" for _ in table.columns)
    rows = [" | ".join(map(_cell, row)) for row in table.to_numpy(dtype=object)]
    lines = "\n".join(f"| {line} |" for line in (header, rule, *rows))
    return f"**{comparison.verdict}**\n\n{lines}\n"


def _cell(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return "" if pd.isna(value) else f"{value:.3f}"
