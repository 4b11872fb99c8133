"""What `verbose` shows of a training run in a log: one line an epoch."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any

from hybridml.finetune.watching.callbacks import Callback


class EpochPrinter(Callback):
    """Prints each epoch on stderr as it ends."""

    def on_epoch_end(self, estimator: Any, metrics: Mapping[str, float]) -> None:
        """Print the epoch's number and its measurements."""
        epoch = f"epoch {metrics['epoch']:.0f}/{estimator.n_epochs_}"
        line = ", ".join([*measured(metrics), f"{metrics['seconds']:.1f} s"])
        sys.stderr.write(f"{name_of(estimator)}, {epoch}: {line}\n")


def measured(metrics: Mapping[str, float]) -> list[str]:
    """Word the losses and scores of an epoch, but for what was not measured.

    Examples
    --------
    >>> measured({"epoch": 0, "train_loss": math.nan, "valid_loss": 0.25})
    ['valid_loss 0.2500']
    """
    return [
        f"{name} {value:.4f}"
        for name, value in metrics.items()
        if name.startswith(("train_", "valid_")) and not math.isnan(value)
    ]


def name_of(estimator: Any) -> str:
    """Name the backbone, also one that is a network itself; else the estimator."""
    named = getattr(estimator, "backbone", estimator)
    return named if isinstance(named, str) else type(named).__name__
