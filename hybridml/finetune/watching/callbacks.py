"""What can be hooked into a training run: override the method you need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Callback:
    """Hooks of a training run; each does nothing unless overridden.

    A fit calls `on_fit_begin` once, then the hooks of its steps and epochs, and at the
    end either `on_fit_end` or `on_fit_failed`. What a hook raises stops the fit.

    Examples
    --------
    >>> class PrintLoss(Callback):
    ...     def on_epoch_end(self, estimator, metrics):
    ...         print(f"epoch {metrics['epoch']}: {metrics['valid_loss']:.3f}")
    """

    def on_fit_begin(self, estimator: Any) -> None:
        """Run before the first epoch, once the network is built."""

    def on_step_end(self, estimator: Any, done: int, total: int) -> None:
        """Run after each step of the optimizer: `done` of an epoch's `total` steps."""

    def on_epoch_end(self, estimator: Any, metrics: Mapping[str, float]) -> None:
        """Run after each epoch with its row of `history_`; epoch 0 is the start."""

    def on_fit_end(self, estimator: Any) -> None:
        """Run once the best state is restored."""

    def on_fit_failed(self, estimator: Any, error: BaseException) -> None:
        """Run instead of `on_fit_end` when training stops with an error.

        `error` is raised again afterwards; it may be a KeyboardInterrupt.
        """
