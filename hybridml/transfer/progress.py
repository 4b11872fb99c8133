"""How far a comparison is, and how long the rest will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hybridml.finetune.classifier import planned_epochs
from hybridml.transfer.candidate import Candidate
from hybridml.transfer.splits import Fold

# Rough cost of a case's fold, in passes of its images through the network.
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
        None until something has been done.
    """

    text: str
    done: float
    seconds_left: float | None


@dataclass
class ComparisonProgress:
    """Estimates the time left from the work done so far.

    Work is counted in passes of images through the network. The estimate is rough
    until each kind of case has been met once.
    """

    candidates: Sequence[Candidate]
    folds: Sequence[Fold]
    _started: float = field(default_factory=time.perf_counter)
    _begun: float = 0.0
    _current: float = 0.0

    def reporter(
        self, candidate: Candidate, on_step: Callable[[Step], None]
    ) -> Callable[[str, float], None]:
        """Return what a candidate calls with a text and the part of a fold done."""

        def report(text: str, part: float) -> None:
            if part == 0.0:
                self._begun += self._current
                self._current = self._work(candidate)
            done = (self._begun + part * self._current) / self._total
            elapsed = time.perf_counter() - self._started
            left = elapsed * (1 - done) / done if done else None
            on_step(Step(text, done, left))

        return report

    @property
    def _total(self) -> float:
        return len(self.folds) * sum(self._work(c) for c in self.candidates)

    def _work(self, candidate: Candidate) -> float:
        n_images = sum(len(train) for train, _ in self.folds) / len(self.folds)
        if candidate.case < 2:
            return n_images
        n_epochs = planned_epochs(candidate.options.epochs, scratch=candidate.case == 4)
        return n_images * n_epochs * _PASSES_PER_EPOCH[candidate.case]
