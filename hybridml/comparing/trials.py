"""Where the folds of a comparison are run: here, one after the other, or elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from hybridml.comparing.budget import Budget, StopInTime
from hybridml.comparing.contender import Contender
from hybridml.comparing.data import Data
from hybridml.comparing.fold_result import FoldResult
from hybridml.comparing.trial import run_trial
from hybridml.finetune.watching.callbacks import Callback


class Place(NamedTuple):
    """A fold of a contender, both by position."""

    contender: int
    fold: int


class Trials(Protocol):
    """Runs folds of contenders."""

    def expect(self, places: Sequence[Place], share: float) -> None:
        """Get to know folds that will be asked for, unless time gets short."""
        ...

    def drop(self, contender: int) -> None:
        """Get to know that a contender will be asked for no more."""
        ...

    def run(
        self, place: Place, share: float, watching: Sequence[Callback]
    ) -> FoldResult:
        """Fit and judge a contender on a fold.

        Parameters
        ----------
        place : Place
        share : float
            Part of the time left that it may take.
        watching : sequence of Callback
            Told of the epochs of a training; elsewhere, when it has ended.

        Raises
        ------
        OutOfTimeError
            If a training would not end in time.
        """
        ...


class LocalTrials:
    """Runs each fold in this process when it is asked for.

    Parameters
    ----------
    contenders : sequence of Contender
    data : Data
    budget : Budget
    """

    def __init__(
        self, contenders: Sequence[Contender], data: Data, budget: Budget
    ) -> None:
        self._contenders, self._data, self._budget = contenders, data, budget

    def expect(self, places: Sequence[Place], share: float) -> None:
        """Do nothing: one fold at a time."""

    def drop(self, contender: int) -> None:
        """Do nothing: nothing was begun."""

    def run(
        self, place: Place, share: float, watching: Sequence[Callback]
    ) -> FoldResult:
        """Run it now; see `Trials`."""
        contender = self._contenders[place.contender]
        fold = self._data.folds[place.fold]
        callbacks = [*watching, StopInTime(self._budget, share)]
        return run_trial(contender, self._data, fold, callbacks)
