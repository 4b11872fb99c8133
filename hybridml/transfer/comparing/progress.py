"""How far a comparison is, and how long the rest will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hybridml.finetune.parameters import planned_epochs
from hybridml.transfer.comparing.candidate import Candidate
from hybridml.transfer.splits import Fold

# Rough cost of a fold's epoch, in passes of its images through the network.
_PASSES_PER_EPOCH = {2: 2.0, 3: 5.0, 4: 5.0}


@dataclass(frozen=True)
class Step:
    """What is being done, how much of the work is behind, what the rest may take.

    Attributes
    ----------
    text : str
    done : float
        From 0 to 1.
    seconds_left : float or None
        None while nothing has been done, and once all is done.
    """

    text: str
    done: float
    seconds_left: float | None


class ComparisonProgress:
    """Estimates the time left from the work done so far.

    Work is counted in passes of images through the network. What a pass takes is known
    of a candidate once it has begun; until then it is taken to be that of all before.

    Parameters
    ----------
    candidates : sequence of Candidate
    folds : sequence of (train, test)
    on_step : callable
        Called with each `Step`.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        folds: Sequence[Fold],
        on_step: Callable[[Step], None],
    ) -> None:
        n_passes = sum(len(train) for train, _ in folds)
        self._paces = [
            _Pace(n_passes * _passes_an_image(candidate), is_search=candidate.case == 1)
            for candidate in candidates
        ]
        self._n_folds = len(folds)
        self._on_step = on_step

    def reporter(self, position: int) -> Callable[[str, float], None]:
        """Begin with the candidate at a position, and take the one before as done.

        Returns
        -------
        report : callable
            Takes a text, and how many of the candidate's folds are done, in fractions.
        """
        started = time.perf_counter()
        if position:
            self._paces[position - 1].finish(started)
        pace = self._paces[position]
        pace.started = started

        def report(text: str, folds_done: float) -> None:
            pace.done = min(1.0, folds_done / self._n_folds)
            pace.seconds = time.perf_counter() - started
            self._on_step(Step(text, self._done(), self._seconds_left()))

        return report

    def finish(self, text: str) -> None:
        """Say that all the candidates are done."""
        self._on_step(Step(text, 1.0, None))

    def _done(self) -> float:
        total = sum(pace.work for pace in self._paces)
        return sum(pace.work * pace.done for pace in self._paces) / total

    def _seconds_left(self) -> float | None:
        begun = [pace for pace in self._paces if pace.done]
        # A search takes its time on stored features: it says nothing about a pass.
        telling = [pace for pace in begun if not pace.is_search] or begun
        if not telling:
            return None
        behind = sum(pace.work * pace.done for pace in telling)
        usual = sum(pace.seconds for pace in telling) / behind
        return sum(pace.seconds_left(usual) for pace in self._paces)


@dataclass
class _Pace:
    """Work of a candidate in all its folds, the part done, and the seconds it took."""

    work: float
    is_search: bool = False
    started: float = 0.0
    done: float = 0.0
    seconds: float = 0.0

    def finish(self, now: float) -> None:
        self.done, self.seconds = 1.0, now - self.started

    def seconds_left(self, usual: float) -> float:
        own = self.seconds / (self.work * self.done) if self.done else usual
        return own * self.work * (1 - self.done)


def _passes_an_image(candidate: Candidate) -> float:
    if candidate.case < 2:
        return 1.0
    n_epochs = planned_epochs(candidate.options.epochs, scratch=candidate.case == 4)
    return max(1.0, n_epochs * _PASSES_PER_EPOCH[candidate.case])
