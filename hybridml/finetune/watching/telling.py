"""Callbacks are told of a fit, and the history of its epochs is kept."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pandas as pd

from hybridml.exceptions import TrainingWarning
from hybridml.finetune.training.loop import Outcome
from hybridml.finetune.watching.callbacks import Callback
from hybridml.finetune.watching.progress_bar import ProgressBar


class Telling:
    """What the training loop calls: keeps `history_` of an estimator, tells callbacks.

    Parameters
    ----------
    estimator : object
        Gets the attributes `n_epochs_` and `history_`.
    callbacks : sequence of Callback
    n_epochs : int
        That are planned.
    """

    def __init__(
        self, estimator: Any, callbacks: Sequence[Callback], n_epochs: int
    ) -> None:
        self._estimator = estimator
        self._callbacks = callbacks
        self._rows: list[dict[str, float]] = []
        estimator.n_epochs_ = n_epochs
        for callback in callbacks:
            callback.on_fit_begin(estimator)

    def on_epoch(self, row: dict[str, float]) -> None:
        """Take the measurements of an epoch."""
        self._rows.append(row)
        self._estimator.history_ = pd.DataFrame(self._rows).astype({"epoch": int})
        for callback in self._callbacks:
            callback.on_epoch_end(self._estimator, row)

    def on_step(self, done: int, total: int) -> None:
        """Take note of a step."""
        for callback in self._callbacks:
            callback.on_step_end(self._estimator, done, total)


@contextmanager
def told_of_fit(estimator: Any) -> Iterator[list[Callback]]:
    """Tell an estimator's callbacks how the fit in the block ended.

    Parameters
    ----------
    estimator : object
        With the parameters `callbacks` and `verbose`; where that is above 0, a progress
        bar is added.

    Yields
    ------
    callbacks : list of Callback
    """
    callbacks = list(estimator.callbacks)
    has_bar = any(isinstance(callback, ProgressBar) for callback in callbacks)
    if estimator.verbose > 0 and not has_bar:
        callbacks.append(ProgressBar())
    try:
        yield callbacks
    except BaseException as error:
        for callback in callbacks:
            callback.on_fit_failed(estimator, error)
        raise
    for callback in callbacks:
        callback.on_fit_end(estimator)


def warn_of_interruption(outcome: Outcome, n_epochs: int, *, stacklevel: int) -> None:
    """Say what is kept where ctrl-C ended a training."""
    if outcome.interrupted_in is not None:
        message = (
            f"Training was interrupted in epoch {outcome.interrupted_in} of "
            f"{n_epochs}; the state after epoch {outcome.best_epoch}, "
            "the best one so far, is kept."
        )
        warnings.warn(message, TrainingWarning, stacklevel=stacklevel + 1)
