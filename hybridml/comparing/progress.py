"""How far a comparison is, and how long the rest will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hybridml.comparing.budget import Budget
from hybridml.comparing.contender import Contender


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
    of a contender once it has begun; until then it is taken to be that of all before.

    Parameters
    ----------
    contenders : sequence of Contender
    n_folds : int
    budget : Budget
        The rest takes no longer than what is left of it.
    on_step : callable
        Called with each `Step`.
    """

    def __init__(
        self,
        contenders: Sequence[Contender],
        n_folds: int,
        budget: Budget,
        on_step: Callable[[Step], None],
    ) -> None:
        self._paces = [
            _Pace(contender.work.n_passes, n_folds, contender.work.is_telling)
            for contender in contenders
        ]
        self._budget = budget
        self._on_step = on_step
        self._furthest = 0.0

    def reporter(self, position: int) -> Callable[[str, float], None]:
        """Begin with a fold of the contender at a position.

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
        """Take folds of a contender from the work: they are known, or never run."""
        self._paces[position].n_folds -= n_folds

    def finish(self, text: str) -> None:
        """Say that all the contenders are done."""
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
    """Work of a fold of a contender, how many are done, and the seconds they took."""

    work: float
    n_folds: int
    is_telling: bool = True
    done: float = 0.0
    seconds: float = 0.0

    def seconds_left(self, usual: float) -> float:
        own = self.seconds / self.done if self.done else usual * self.work
        return own * max(0.0, self.n_folds - self.done)
