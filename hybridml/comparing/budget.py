"""How much time a comparison may take, and what stops a training that takes longer."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

from hybridml.finetune.watching.callbacks import Callback

_SLACK = 0.1  # part of the budget by which a fold's end may miss it


class OutOfTimeError(Exception):
    """A training was stopped since it would not end in time.

    Attributes
    ----------
    expected_s : float
        Seconds that it would have taken.
    """

    def __init__(self, expected_s: float) -> None:
        super().__init__(f"a training of about {expected_s:.0f} s does not fit")
        self.expected_s = expected_s

    def __reduce__(self) -> tuple[type[OutOfTimeError], tuple[float]]:
        return type(self), (self.expected_s,)  # it may come from another process


class Budget:
    """Counts a time budget down from the moment it is made.

    Parameters
    ----------
    seconds : float or None
        None is without end.
    """

    def __init__(self, seconds: float | None) -> None:
        self.seconds = math.inf if seconds is None else float(seconds)
        self._started = time.perf_counter()

    def left(self) -> float:
        """Seconds left; below 0 when it is spent."""
        return self.seconds - (time.perf_counter() - self._started)

    def has_room_for(self, seconds: float) -> bool:
        """Whether something that takes so long ends in time, or nearly."""
        return seconds <= self.left() + _SLACK * self.seconds and self.left() > 0


class StopInTime(Callback):
    """Stops a training, at the end of an epoch, that would not end within a budget.

    Parameters
    ----------
    budget : Budget
    share : float, default=1.0
        Part of what was left at its begin that it may take, so that something is left
        for others.
    """

    def __init__(self, budget: Budget, share: float = 1.0) -> None:
        self._budget = budget
        self._most_s = share * budget.left()
        self._begun = time.perf_counter()

    def on_epoch_end(self, estimator: Any, metrics: Mapping[str, float]) -> None:
        """Take the epochs to come to be as long as those before."""
        n_done = int(metrics["epoch"])
        if not n_done or math.isinf(self._budget.seconds):
            return
        behind = time.perf_counter() - self._begun
        ahead = behind / n_done * (estimator.n_epochs_ - n_done)
        has_room = self._budget.has_room_for(ahead)
        if not has_room or (ahead and behind + ahead > self._most_s * (1 + _SLACK)):
            raise OutOfTimeError(behind + ahead)
