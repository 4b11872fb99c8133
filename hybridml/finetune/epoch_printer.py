"""What `verbose` shows of a training run: one line an epoch."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from hybridml.finetune.callbacks import Callback


class EpochPrinter(Callback):
    """Prints each epoch on stderr as it ends."""

    def on_epoch_end(self, estimator: Any, metrics: Mapping[str, float]) -> None:
        """Print the epoch's number and its measurements."""
        shown = [
            f"{name} {metrics[name]:.4f}"
            for name in ("train_loss", "valid_loss", "valid_accuracy")
            if metrics[name] == metrics[name]  # NaN: nothing learned, or held out
        ]
        epoch = f"epoch {metrics['epoch']:.0f}/{estimator.n_epochs_}"
        line = ", ".join([*shown, f"{metrics['seconds']:.1f} s"])
        sys.stderr.write(f"{estimator.backbone}, {epoch}: {line}\n")
