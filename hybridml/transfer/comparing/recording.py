"""What a comparison tells the tracker about itself, its folds and its outcome."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hybridml.finetune.watching.callbacks import Callback
from hybridml.tracking.protocol import Run
from hybridml.transfer.comparing.candidate import Candidate
from hybridml.transfer.comparing.comparison import TransferComparison
from hybridml.transfer.comparing.fold_result import FoldResult
from hybridml.transfer.comparing.wording import describe_row, has_case
from hybridml.transfer.tasks import Task


class CandidateRuns:
    """A run for each candidate below the comparison's, open until all are done.

    Folds of several candidates take turns, so that their runs stand open together. A
    candidate's run is made when its first fold begins.

    Parameters
    ----------
    parent : Run
    candidates : sequence of Candidate
    n_folds : int
    """

    def __init__(
        self, parent: Run, candidates: Sequence[Candidate], n_folds: int
    ) -> None:
        self._parent = parent
        self._candidates = candidates
        self._n_folds = n_folds
        self._runs: dict[int, Run] = {}
        self._open = ExitStack()

    def __enter__(self) -> CandidateRuns:
        return self

    def __exit__(self, *error: Any) -> None:
        self._open.__exit__(*error)

    @contextmanager
    def fold(self, position: int, number: int) -> Iterator[Run]:
        """Open a run for a fold (from 0) of the candidate at a position."""
        candidate = self._candidates[position]
        tags = candidate.tags(*candidate.cut_layer_and_head())
        short = "baseline" if candidate.case is None else f"case {candidate.case}"
        name = f"{short}, fold {number + 1}"
        with self._run_of(position).child(name, tags=tags) as run:
            yield run

    def record_fold(
        self, run: Run, position: int, number: int, result: FoldResult
    ) -> None:
        """Record a fold's result on its run, and as a point of the candidate's."""
        tags = self._candidates[position].tags(result.cut_layer, result.head)
        run.set_tags(tags)
        run.log_metrics(numbers_of(result.numbers()))
        found = numbers_of(result.numbers(), "fold_")
        self._run_of(position).log_metrics(found, step=number + 1)

    def record_row(self, position: int, row: Mapping[str, Any]) -> None:
        """Record what a candidate's folds sum up to."""
        if position in self._runs:
            candidate, run = self._candidates[position], self._runs[position]
            run.set_tags(candidate.tags(row["cut_layer"], row["head"]))
            run.log_metrics(numbers_of(row))

    def _run_of(self, position: int) -> Run:
        if position not in self._runs:
            candidate = self._candidates[position]
            tags = candidate.tags(*candidate.cut_layer_and_head())
            child = self._parent.child(candidate.title, tags=tags)
            run = self._open.enter_context(child)
            run.log_params({"n_folds": self._n_folds, **candidate.params()})
            self._runs[position] = run
        return self._runs[position]


class LogEpochs(Callback):
    """Records each epoch of fine-tuning as it ends."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def on_epoch_end(self, estimator: Any, metrics: Mapping[str, float]) -> None:
        """Record the epoch's metrics."""
        self._run.log_metrics(numbers_of(metrics), step=int(metrics["epoch"]))


def numbers_of(row: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    """Keep the finite numbers of a row that are measurements."""
    left_out = {"case", "epoch"}
    return {
        f"{prefix}{name}": float(value)
        for name, value in row.items()
        if name not in left_out
        and isinstance(value, int | float | np.number)
        and np.isfinite(value)
    }


def comparison_title(candidates: Sequence[Candidate]) -> str:
    """Name the parent run after the backbones."""
    backbones = dict.fromkeys(
        c.options.backbone for c in candidates if c.case is not None
    )
    return f"transfer cases: {', '.join(backbones)}"


def comparison_tags(candidates: Sequence[Candidate]) -> dict[str, str]:
    """Tags by which parent runs are found."""
    cases = dict.fromkeys(str(c.case) for c in candidates if c.case is not None)
    return {"hybridml.kind": "comparison", "hybridml.cases": ", ".join(cases)}


def data_params(
    targets: npt.NDArray[Any], n_folds: int, scoring: str, task: Task
) -> dict[str, object]:
    """Say what is compared on."""
    found: dict[str, object] = {"n_images": len(targets), "task": task}
    if task == "classification":
        classes, counts = np.unique(targets, return_counts=True)
        sizes = zip(classes.tolist(), counts.tolist(), strict=True)
        found["n_classes"] = len(classes)
        found["images_per_class"] = ", ".join(f"{name}: {n}" for name, n in sizes)
    return {**found, "n_folds": n_folds, "scoring": scoring}


def record_outcome(parent: Run, comparison: TransferComparison) -> None:
    """Name the winner on the parent, with its score, the table and the picture."""
    winner = comparison.winner
    parent.set_tags(
        {
            "hybridml.winner": describe_row(winner),
            "hybridml.case": str(winner["case"]) if has_case(winner) else "baseline",
            "hybridml.backbone": winner["backbone"],
            "hybridml.cut_layer": winner["cut_layer"],
            "hybridml.head": winner["head"],
            "mlflow.note.content": _note(comparison),
        }
    )
    scores = {
        _metric_of(row): float(row["score"])
        for row in comparison.table[::-1].to_dict("records")  # the best one counts
    }
    every = {"score": float(winner["score"]), **scores}
    parent.log_metrics({name: v for name, v in every.items() if np.isfinite(v)})
    parent.log_text(comparison.table.to_csv(index=False), "leaderboard.csv")
    parent.log_text(comparison.significance.to_csv(index=False), "significance.csv")
    if len(comparison.layer_scores):
        parent.log_text(comparison.layer_scores.to_csv(index=False), "layers.csv")
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "leaderboard.png"
        comparison.plot(picture)
        parent.log_file(picture)


def _metric_of(row: Mapping[Any, Any]) -> str:
    """Name the metric of a row's score, such as score_case_1."""
    kind = row["candidate"].split(" (")[0]
    return f"score_{kind.replace(',', '').replace(' ', '_')}"


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
