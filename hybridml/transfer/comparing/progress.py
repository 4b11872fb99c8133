"""How far a comparison is, and how long the rest will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hybridml.finetune.parameters import planned_epochs
from hybridml.transfer.comparing.budget import Budget
from hybridml.transfer.comparing.candidate import Candidate

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
    n_folds : int
    budget : Budget
        The rest takes no longer than what is left of it.
    on_step : callable
        Called with each `Step`.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        n_folds: int,
        budget: Budget,
        on_step: Callable[[Step], None],
    ) -> None:
        self._paces = [
            _Pace(_passes_an_image(c), n_folds, is_telling=c.case not in (None, 1))
            for c in candidates
        ]
        self._budget = budget
        self._on_step = on_step
        self._furthest = 0.0

    def reporter(self, position: int) -> Callable[[str, float], None]:
        """Begin with a fold of the candidate at a position.

        Returns
        -------
        report : callable
            Takes a text (with none nothing is told), and which part is done.
        """
        pace = self._paces[position]
        started, done, seconds = time.perf_counter(), pace.done, pace.seconds

        def report(text: str, part: float) -> None:
            pace.done = done + min(1.0, part)
            pace.seconds = seconds + time.perf_counter() - started
            if text:
                self._tell(text)

        return report

    def leave_out(self, position: int, n_folds: int) -> None:
        """Take folds of a candidate from the work: they are known, or never run."""
        self._paces[position].n_folds -= n_folds

    def finish(self, text: str) -> None:
        """Say that all the candidates are done."""
        self._on_step(Step(text, 1.0, None))

    def _tell(self, text: str) -> None:
        total = sum(pace.work * pace.n_folds for pace in self._paces)
        done = sum(pace.work * pace.done for pace in self._paces)
        self._furthest = max(self._furthest, min(1.0, done / total) if total else 1.0)
        self._on_step(Step(text, self._furthest, self._seconds_left()))

    def _seconds_left(self) -> float | None:
        begun = [pace for pace in self._paces if pace.done]
        # A search takes its time on stored features: it says nothing about a pass.
        telling = [pace for pace in begun if pace.is_telling] or begun
        if not telling:
            return None
        behind = sum(pace.work * pace.done for pace in telling)
        usual = sum(pace.seconds for pace in telling) / behind
        left = sum(pace.seconds_left(usual) for pace in self._paces)
        return min(left, max(0.0, self._budget.left()))


@dataclass
class _Pace:
    """Work of a fold of a candidate, how many are done, and the seconds they took."""

    work: float
    n_folds: int
    is_telling: bool = True
    done: float = 0.0
    seconds: float = 0.0

    def seconds_left(self, usual: float) -> float:
        own = self.seconds / self.done if self.done else usual * self.work
        return own * max(0.0, self.n_folds - self.done)


def _passes_an_image(candidate: Candidate) -> float:
    if candidate.case is None:
        return 0.01
    if candidate.case < 2:
        return 1.0
    n_epochs = planned_epochs(candidate.options.epochs, scratch=candidate.case == 4)
    return max(1.0, n_epochs * _PASSES_PER_EPOCH[candidate.case])
