"""Running a comparison: each fold known from the journal, or run, kept and recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hybridml.comparing.budget import Budget
from hybridml.comparing.contender import Contender
from hybridml.comparing.data import Data
from hybridml.comparing.fold_result import FoldResult
from hybridml.comparing.identity import FoldIdentities
from hybridml.comparing.journal import Journal
from hybridml.comparing.progress import ComparisonProgress, Step
from hybridml.comparing.race import Race, Standing
from hybridml.comparing.recording import ContenderRuns, LogEpochs
from hybridml.comparing.rows import make_row
from hybridml.comparing.trials import Place, Trials
from hybridml.finetune.watching.callbacks import Callback
from hybridml.tracking.protocol import Run


class Execution:
    """Brings the contenders of a comparison as far as the time budget allows.

    Parameters
    ----------
    contenders : sequence of Contender
    data : Data
    budget : Budget
    journal : Journal
        Gives what is known already, and gets what is new.
    trials : Trials
        What runs folds.
    on_step : callable
        Called with a `Step` as the work goes on.
    noun : str, default="contender"
        What one of them is, for the last step.

    Attributes
    ----------
    standings : list of Standing
        How far each contender is.
    """

    def __init__(
        self,
        contenders: Sequence[Contender],
        data: Data,
        *,
        budget: Budget,
        journal: Journal,
        trials: Trials,
        on_step: Callable[[Step], None],
        noun: str = "contender",
    ) -> None:
        self._contenders = contenders
        self._data = data
        self._journal = journal
        self._trials = trials
        self._noun = noun
        identities = FoldIdentities(data)
        self._keys = [
            [identities.of(contender, fold) for fold in data.folds]
            for contender in contenders
        ]
        n_folds = len(data.folds)
        self._race = Race(contenders, n_folds, budget)
        self._progress = ComparisonProgress(contenders, n_folds, budget, on_step)
        self.standings: list[Standing] = self._race.standings

    def run(self, parent: Run) -> bool:
        """Run the race, recording it below a run.

        Returns
        -------
        is_interrupted : bool
            Whether ctrl-C ended it.

        Raises
        ------
        KeyboardInterrupt
            If it came before any fold was finished.
        """
        is_interrupted = False
        n_folds = len(self._data.folds)
        with ContenderRuns(parent, self._contenders, n_folds) as runs:
            self._recall(runs)
            try:
                self._race.run(
                    lambda *place: self._run_fold(runs, *place),
                    on_drop=self._drop,
                    on_ahead=self._expect,
                )
            except KeyboardInterrupt:
                if not any(standing.results for standing in self.standings):
                    raise
                is_interrupted = True
                self._note_missing()
            for position, contender in enumerate(self._contenders):
                row = make_row(contender, self.standings[position])
                runs.record_row(position, row)
        compared = f"all {self._noun}s compared"
        self._progress.finish("interrupted" if is_interrupted else compared)
        return is_interrupted

    def _recall(self, runs: ContenderRuns) -> None:
        """Take what the journal knows, and record it as if it were new."""
        for position, keys in enumerate(self._keys):
            for number, key in enumerate(keys):
                result = self._journal.find(key)
                if result is None:
                    continue
                self.standings[position].results[number] = result
                self.standings[position].n_recalled += 1
                self._progress.leave_out(position, 1)
                with runs.fold(position, number) as run:
                    run.set_tags({"hybridml.from_journal": "true"})
                    runs.record_fold(run, position, number, result)

    def _run_fold(self, runs: ContenderRuns, position: int, number: int) -> FoldResult:
        contender = self._contenders[position]
        report = self._progress.reporter(position)
        where = f"{contender.title}, fold {number + 1}/{len(self._data.folds)}"
        report(where, 0.0)
        with runs.fold(position, number) as run:
            watching = [LogEpochs(run), _TellEpochs(where, report)]
            place = Place(position, number)
            result = self._trials.run(place, self._race.share, watching)
            runs.record_fold(run, position, number, result)
        self._journal.add(self._keys[position][number], result)
        report("", 1.0)
        return result

    def _expect(self, places: Sequence[tuple[int, int]]) -> None:
        self._trials.expect([Place(*place) for place in places], self._race.share)

    def _drop(self, position: int, n_folds: int) -> None:
        self._trials.drop(position)
        self._progress.leave_out(position, n_folds)

    def _note_missing(self) -> None:
        n_folds = len(self._data.folds)
        for standing in self.standings:
            n_done = len(standing.results)
            if n_done < n_folds and not standing.note:
                standing.note = f"{n_done} of {n_folds} folds: interrupted"


class _TellEpochs(Callback):
    """Tells the progress which part of a fold is done."""

    def __init__(self, where: str, report: Callable[[str, float], None]) -> None:
        self._where = where
        self._report = report

    def on_epoch_end(self, estimator: Any, metrics: Mapping[str, float]) -> None:
        """Count the epoch, but for the one before training."""
        epoch, n_epochs = int(metrics["epoch"]), estimator.n_epochs_
        if epoch:
            self._report(f"{self._where}, epoch {epoch}/{n_epochs}", epoch / n_epochs)
