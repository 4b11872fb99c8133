"""What a comparison tells the tracker about itself, its folds and its outcome."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from hybridml.comparing.comparison import Comparison
from hybridml.comparing.contender import Contender
from hybridml.comparing.fold_result import FoldResult
from hybridml.comparing.run_page import word_note, word_run_name
from hybridml.finetune.watching.callbacks import Callback
from hybridml.tracking.protocol import Run


class ContenderRuns:
    """A run for each contender below the comparison's, open until all are done.

    Folds of several contenders take turns, so that their runs stand open together. A
    contender's run is made when its first fold begins.

    Parameters
    ----------
    parent : Run
    contenders : sequence of Contender
    n_folds : int
    """

    def __init__(
        self, parent: Run, contenders: Sequence[Contender], n_folds: int
    ) -> None:
        self._parent = parent
        self._contenders = contenders
        self._n_folds = n_folds
        self._runs: dict[int, Run] = {}
        self._open = ExitStack()

    def __enter__(self) -> ContenderRuns:
        return self

    def __exit__(self, *error: Any) -> None:
        self._open.__exit__(*error)

    @contextmanager
    def fold(self, position: int, number: int) -> Iterator[Run]:
        """Open a run for a fold (from 0) of the contender at a position."""
        contender = self._contenders[position]
        tags = contender.tags(contender.choice())
        name = f"{contender.label}, fold {number + 1}"
        with self._run_of(position).child(name, tags=tags) as run:
            yield run

    def record_fold(
        self, run: Run, position: int, number: int, result: FoldResult
    ) -> None:
        """Record a fold's result on its run, and as a point of the contender's."""
        run.set_tags(self._contenders[position].tags(result.choice))
        run.log_metrics(numbers_of(result.numbers()))
        found = numbers_of(result.numbers(), "fold_")
        self._run_of(position).log_metrics(found, step=number + 1)

    def record_row(self, position: int, row: Mapping[str, Any]) -> None:
        """Record what a contender's folds sum up to."""
        if position in self._runs:
            contender, run = self._contenders[position], self._runs[position]
            chosen = {name: row[name] for name in contender.choice()}
            run.set_tags(contender.tags(chosen))
            left_out = contender.columns()
            measured = {k: v for k, v in row.items() if k not in left_out}
            run.log_metrics(numbers_of(measured))

    def _run_of(self, position: int) -> Run:
        if position not in self._runs:
            contender = self._contenders[position]
            tags = contender.tags(contender.choice())
            child = self._parent.child(contender.title, tags=tags)
            run = self._open.enter_context(child)
            run.log_params({"n_folds": self._n_folds, **contender.params()})
            self._runs[position] = run
        return self._runs[position]


class LogEpochs(Callback):
    """Records each epoch of fine-tuning as it ends."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def on_epoch_end(self, estimator: Any, metrics: Mapping[str, float]) -> None:
        """Record the epoch's metrics."""
        numbers = {k: v for k, v in metrics.items() if k != "epoch"}
        self._run.log_metrics(numbers_of(numbers), step=int(metrics["epoch"]))


def numbers_of(row: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    """Keep the finite numbers of a row."""
    return {
        f"{prefix}{name}": float(value)
        for name, value in row.items()
        if isinstance(value, int | float | np.number) and np.isfinite(value)
    }


def record_outcome(parent: Run, comparison: Comparison) -> None:
    """Name the winner on the parent, with its score; tables, picture and report."""
    winner = comparison.winner
    parent.set_tags(
        {
            "hybridml.winner": comparison.names[winner["candidate"]],
            **comparison.tags(winner["candidate"]),
            "mlflow.runName": word_run_name(comparison),
            "mlflow.note.content": word_note(comparison),
        }
    )
    scores = {
        _metric_of(row): float(row["score"])
        for row in comparison.table[::-1].to_dict("records")  # the best one counts
    }
    every = {"score": float(winner["score"]), **scores}
    parent.log_metrics({name: v for name, v in every.items() if np.isfinite(v)})
    for name, table in comparison.tables().items():
        parent.log_text(table.to_csv(index=False), f"{name}.csv")
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "leaderboard.png"
        comparison.plot(picture)
        parent.log_file(picture)
        parent.log_file(comparison.to_html(Path(folder) / "report.html"))


def _metric_of(row: Mapping[Any, Any]) -> str:
    """Name the metric of a row's score, such as score_case_1."""
    kind = row["candidate"].split(" (")[0]
    return f"score_{kind.replace(',', '').replace(' ', '_')}"
