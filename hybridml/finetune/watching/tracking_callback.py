"""What a tracker sees of a training run: live epochs, then how it ended."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hybridml.finetune.watching.callbacks import Callback
from hybridml.finetune.watching.diagnosis import Diagnosis, diagnose
from hybridml.finetune.watching.epoch_printer import name_of
from hybridml.tracking.protocol import Run, Tracker

_NOT_OF_THE_RESULT = {"callbacks", "store", "verbose", "n_jobs"}


class LogToTracker(Callback):
    """Records a fit as a run: its parameters, each epoch as it ends, and the outcome.

    At the end come the numbers of the epoch that was kept (as best_epoch and
    best_valid_loss, say), the files history.csv, history.png and diagnosis.txt, and the
    verdict of `diagnose` as a tag. A fit that fails ends its run as failed, with the
    history so far.

    Parameters
    ----------
    tracker : Tracker or Run
        Such as `MLflowTracker()`. One that cannot be reached warns and stops nothing.
        Below a run, such as that of `track_search`, each fit becomes a child of it.
    name : str, default=""
        Of the run; "" names it after the backbone.

    Notes
    -----
    Copies, as `sklearn.base.clone` makes them, record in the same tracker: each fold of
    a cross-validation becomes a run.

    Examples
    --------
    >>> from hybridml import RecordingTracker
    >>> tracker = RecordingTracker()
    >>> callback = LogToTracker(tracker, name="cats and dogs")
    """

    def __init__(self, tracker: Tracker | Run, name: str = "") -> None:
        self.tracker = tracker
        self.name = name
        self._block: AbstractContextManager[Run] | None = None
        self._run: Run | None = None
        self._rows: list[dict[str, float]] = []

    def on_fit_begin(self, estimator: Any) -> None:
        """Open the run and record the parameters."""
        self._close(RuntimeError())  # left open by a fit that stopped without a word
        self._rows = []
        trained = name_of(estimator)
        has_backbone = hasattr(estimator, "backbone")
        tags = {
            "hybridml.kind": "fine-tuning" if has_backbone else "training",
            "hybridml.estimator": type(estimator).__name__,
        }
        named = {"backbone": trained} if has_backbone else {}
        tags |= {f"hybridml.{key}": value for key, value in named.items()}
        name = self.name or f"{'fine-tune' if has_backbone else 'train'} {trained}"
        self._block = self._open(name, tags)
        self._run = self._block.__enter__()
        params = estimator.get_params(deep=False)
        kept = {k: v for k, v in params.items() if k not in _NOT_OF_THE_RESULT}
        self._run.log_params({**kept, **named, "n_epochs": estimator.n_epochs_})

    def on_epoch_end(self, estimator: Any, metrics: Mapping[str, float]) -> None:
        """Record the epoch's numbers."""
        self._rows.append(dict(metrics))
        if self._run is not None:
            self._run.log_metrics(_numbers(metrics), step=int(metrics["epoch"]))

    def on_fit_end(self, estimator: Any) -> None:
        """Record the outcome and close the run."""
        if self._run is not None:
            self._record(self._run, int(estimator.best_epoch_))
        self._close(None)

    def on_fit_failed(self, estimator: Any, error: BaseException) -> None:
        """Record how far it came and close the run as failed."""
        if self._run is not None:
            self._run.set_tags({"hybridml.error": f"{type(error).__name__}: {error}"})
            if self._rows:
                history = pd.DataFrame(self._rows)
                self._run.log_text(history.to_csv(index=False), "history.csv")
        self._close(error)

    def __repr__(self) -> str:
        return "LogToTracker(tracker)"  # as it is shown within an estimator

    def __deepcopy__(self, memo: dict[int, Any]) -> LogToTracker:
        return type(self)(self.tracker, self.name)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_block": None, "_run": None}

    def _open(self, name: str, tags: Mapping[str, str]) -> AbstractContextManager[Run]:
        if isinstance(self.tracker, Tracker):
            return self.tracker.run(name, tags=tags)
        return self.tracker.child(name, tags=tags)

    def _record(self, run: Run, best_epoch: int) -> None:
        history = pd.DataFrame(self._rows).astype({"epoch": int})
        (kept, *_) = (row for row in self._rows if row["epoch"] == best_epoch)
        best = {
            f"best_{name}": value
            for name, value in _numbers(kept).items()
            if name.startswith(("train_", "valid_"))
        }
        run.log_metrics({"best_epoch": float(best_epoch), **best})
        found = diagnose(history)
        run.set_tags({"hybridml.verdict": found.verdict})
        run.log_text(history.to_csv(index=False), "history.csv")
        run.log_text(f"{found}\n", "diagnosis.txt")
        _log_picture(run, history, best_epoch, found)

    def _close(self, error: BaseException | None) -> None:
        if self._block is not None:
            kind = None if error is None else type(error)
            self._block.__exit__(kind, error, None)
        self._block = self._run = None


def _numbers(row: Mapping[str, Any]) -> dict[str, float]:
    """Keep the finite numbers of a row that are measurements."""
    return {
        name: float(value)
        for name, value in row.items()
        if name != "epoch" and np.isfinite(value)
    }


def _log_picture(
    run: Run, history: pd.DataFrame, best_epoch: int, found: Diagnosis
) -> None:
    from hybridml.report.history_plot import plot_history

    title = f"{found.verdict}: {found.evidence[0]}"
    figure = plot_history(history, best_epoch=best_epoch, title=title)
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "history.png"
        figure.savefig(picture)
        run.log_file(picture)
