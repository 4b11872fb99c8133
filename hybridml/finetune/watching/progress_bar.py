"""What `verbose` shows of a training run: a bar for people, lines for logs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hybridml.finetune.watching.callbacks import Callback
from hybridml.finetune.watching.epoch_printer import EpochPrinter, name_of

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress


class ProgressBar(Callback):
    """Shows on stderr which epoch and step it is, the last losses, and the time left.

    On a terminal a single line is kept up to date, and one that says what was kept
    stays; elsewhere each epoch is printed as a line.

    Parameters
    ----------
    console : rich.console.Console or None, default=None
        Where to show it; None for stderr.

    Examples
    --------
    >>> from hybridml.finetune import FineTuneClassifier
    >>> model = FineTuneClassifier(callbacks=[ProgressBar()])
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console
        self._lines: EpochPrinter | None = None
        self._progress: Progress | None = None
        self._epoch = 0
        self._losses = ""

    def on_fit_begin(self, estimator: Any) -> None:
        """Draw the empty bar."""
        from rich.console import Console

        self._close()
        console = self._console or Console(stderr=True)
        self._epoch, self._losses = 0, ""
        self._lines = None if console.is_terminal else EpochPrinter()
        if console.is_terminal:
            self._progress = _make_progress(console)
            self._progress.add_task(
                name_of(estimator), total=estimator.n_epochs_, where="", losses=""
            )
            self._progress.start()

    def on_step_end(self, estimator: Any, done: int, total: int) -> None:
        """Move the bar on by a step."""
        self._show(self._epoch + done / total, estimator, f"{done}/{total}")

    def on_epoch_end(self, estimator: Any, metrics: Mapping[str, float]) -> None:
        """Show the epoch's losses."""
        if self._lines is not None:
            self._lines.on_epoch_end(estimator, metrics)
        self._epoch = int(metrics["epoch"])
        self._losses = ", ".join(_briefly(metrics))
        self._show(self._epoch, estimator)

    def on_fit_end(self, estimator: Any) -> None:
        """Leave a line that says what was kept."""
        if self._progress is not None:
            history = estimator.history_
            kept = history[history["epoch"] == estimator.best_epoch_].iloc[-1].to_dict()
            text = ", ".join(_briefly(kept))
            self._progress.console.print(
                f"{name_of(estimator)}: kept epoch {estimator.best_epoch_} of "
                f"{self._epoch}: {text}",
                highlight=False,
                markup=False,
            )
        self._close()

    def on_fit_failed(self, estimator: Any, error: BaseException) -> None:
        """Take the bar away."""
        self._close()

    def __deepcopy__(self, memo: dict[int, Any]) -> ProgressBar:
        return type(self)(self._console)  # so that estimators can be cloned

    def _show(self, epochs: float, estimator: Any, step: str = "") -> None:
        if self._progress is None:
            return
        number = min(self._epoch + bool(step), estimator.n_epochs_)
        where = f"epoch {number}/{estimator.n_epochs_}{step and f' ({step})'}"
        (task,) = self._progress.task_ids
        self._progress.update(
            task, completed=epochs, where=where, losses=self._losses, refresh=not step
        )

    def _close(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


def _briefly(metrics: Mapping[str, float]) -> list[str]:
    """Word the measurements so that they fit beside a bar.

    Examples
    --------
    >>> _briefly({"epoch": 1, "train_loss": 0.5, "valid_loss": 0.25, "valid_r2": 0.7})
    ['train 0.500', 'valid 0.250', 'r2 0.700']
    """
    short = {"train_loss": "train", "valid_loss": "valid"}
    return [
        f"{short.get(name, name.removeprefix('valid_'))} {value:.3f}"
        for name, value in metrics.items()
        if name.startswith(("train_", "valid_")) and not math.isnan(value)
    ]


def _make_progress(console: Console) -> Progress:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Column

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=8),
        TimeRemainingColumn(),
        TextColumn("{task.fields[where]}", markup=False),
        TextColumn(
            "{task.fields[losses]}",
            style="dim",
            markup=False,
            table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
        ),
        console=console,
        transient=True,
        expand=True,
    )
