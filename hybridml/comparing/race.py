"""In which order the folds of the contenders are run, and who drops out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from hybridml.comparing.budget import Budget, OutOfTimeError
from hybridml.comparing.contender import Contender
from hybridml.comparing.fold_result import FoldResult

RunFold = Callable[[int, int], FoldResult]
OnDrop = Callable[[int, int], None]
OnAhead = Callable[[list[tuple[int, int]]], None]


@dataclass
class Standing:
    """How far a contender is.

    Attributes
    ----------
    results : dict of {int: FoldResult}
        By fold, from 0.
    note : str
        Why folds are missing; empty where none is.
    n_recalled : int
        Results that an earlier run has left.
    """

    results: dict[int, FoldResult] = field(default_factory=dict)
    note: str = ""
    n_recalled: int = 0

    @property
    def score(self) -> float:
        """Mean over the folds so far; the least there is without any."""
        scores = [result.score for result in self.results.values()]
        return float(np.mean(scores)) if scores else -math.inf

    @property
    def seconds_a_fold(self) -> float:
        """Mean over the folds so far; 0 without any."""
        seconds = [result.seconds for result in self.results.values()]
        return float(np.mean(seconds)) if seconds else 0.0


class Race:
    """Successive halving over folds, which spends a time budget on what is promising.

    What trains no network comes first, all its folds, in any case. The others then run
    1 fold each, 2, 4 and so on up to all of them. Where the folds that are left would
    not fit into the budget, the worse half of them drops out after each round. A fold
    that would not end in time is not begun, or is stopped after an epoch; so is one
    that would take more than half of the time left while there are others.

    Parameters
    ----------
    contenders : sequence of Contender
    n_folds : int
    budget : Budget

    Attributes
    ----------
    standings : list of Standing
        One a contender. Results put there before `run` are not computed again.

    References
    ----------
    K. Jamieson and A. Talwalkar, "Non-stochastic Best Arm Identification and
    Hyperparameter Optimization", AISTATS 2016, section 3 (successive halving).
    """

    def __init__(
        self, contenders: Sequence[Contender], n_folds: int, budget: Budget
    ) -> None:
        self.standings = [Standing() for _ in contenders]
        self._budget = budget
        self._n_folds = n_folds
        self._cheap = [i for i, c in enumerate(contenders) if not c.is_trained]
        self._racing = [i for i, c in enumerate(contenders) if c.is_trained]

    @property
    def share(self) -> float:
        """Part of the time left that a fold may take: half, unless it races alone."""
        return 0.5 if len(self._racing) > 1 else 1.0

    def run(
        self,
        run_fold: RunFold,
        on_drop: OnDrop = lambda *_: None,
        on_ahead: OnAhead = lambda _: None,
    ) -> None:
        """Run what the budget allows.

        Parameters
        ----------
        run_fold : callable
            Takes the positions of a contender and of a fold; may raise
            `OutOfTimeError`.
        on_drop : callable, default does nothing
            Takes the position of a contender that drops out, and how many folds it has
            not run.
        on_ahead : callable, default does nothing
            Takes positions of contenders and folds that come next, if time allows.
        """
        self._on_drop = on_drop
        first = next(rounds(self._n_folds))
        on_ahead(self._missing(self._cheap, self._n_folds))
        on_ahead(self._missing(self._racing, first))
        for position in self._cheap:
            self._finish(position, run_fold)
        for n_folds in rounds(self._n_folds):
            on_ahead(self._missing(self._racing, n_folds))
            for position in self._racing:
                self._advance(position, n_folds, run_fold)
            self._racing = [i for i in self._racing if not self.standings[i].note]
            if not self._all_fit(self._racing):
                self._racing = self._better_half(self._racing)

    def _missing(self, positions: Sequence[int], n_folds: int) -> list[tuple[int, int]]:
        """List the first folds that have no results, fold by fold."""
        return [
            (position, fold)
            for fold in range(n_folds)
            for position in positions
            if fold not in self.standings[position].results
        ]

    def _finish(self, position: int, run_fold: RunFold) -> None:
        """Run all that a contender has not run, whatever it takes."""
        standing = self.standings[position]
        for fold in range(self._n_folds):
            if fold not in standing.results:
                standing.results[fold] = run_fold(position, fold)

    def _advance(self, position: int, n_folds: int, run_fold: RunFold) -> None:
        """Bring a contender to so many folds, as far as there is time."""
        standing = self.standings[position]
        for fold in range(n_folds):
            if fold in standing.results:
                continue
            if not self._budget.has_room_for(standing.seconds_a_fold):
                self._drop(position, "the time was up")
                return
            try:
                standing.results[fold] = run_fold(position, fold)
            except OutOfTimeError as stopped:
                self._drop(position, f"a fold takes {_in_words(stopped.expected_s)}")
                return

    def _all_fit(self, racing: Sequence[int]) -> bool:
        left = sum(
            (self._n_folds - len(self.standings[i].results))
            * self.standings[i].seconds_a_fold
            for i in racing
        )
        return self._budget.has_room_for(left)

    def _better_half(self, racing: Sequence[int]) -> list[int]:
        ranked = sorted(racing, key=lambda i: -self.standings[i].score)
        n_kept = math.ceil(len(ranked) / 2)
        for position in ranked[n_kept:]:
            if len(self.standings[position].results) < self._n_folds:
                self._drop(position, "behind when time was short")
        return sorted(ranked[:n_kept])

    def _drop(self, position: int, why: str) -> None:
        standing = self.standings[position]
        n_done = len(standing.results)
        standing.note = f"{n_done} of {self._n_folds} folds: {why}"
        self._on_drop(position, self._n_folds - n_done)


def rounds(n_folds: int) -> Iterator[int]:
    """Yield how many folds the rounds of a race go up to: 1, 2, 4 ... and all.

    Examples
    --------
    >>> list(rounds(5)), list(rounds(1))
    ([1, 2, 4, 5], [1])
    """
    n_done = 1
    while n_done < n_folds:
        yield n_done
        n_done *= 2
    yield n_folds


def _in_words(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
