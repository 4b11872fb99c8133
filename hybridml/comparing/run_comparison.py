"""A comparison from its contenders to what was found, recorded as it goes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from hybridml.comparing.budget import Budget
from hybridml.comparing.comparison import Comparison
from hybridml.comparing.contender import Contender
from hybridml.comparing.data import Data
from hybridml.comparing.engine import Engine
from hybridml.comparing.execution import Execution
from hybridml.comparing.journal import Journal
from hybridml.comparing.progress import Step
from hybridml.comparing.recorded_facts import record_facts
from hybridml.comparing.recording import record_outcome
from hybridml.comparing.summing_up import sum_up
from hybridml.exceptions import TrainingWarning
from hybridml.tracking.null_tracker import NullTracker
from hybridml.tracking.protocol import Tracker

C = TypeVar("C", bound=Comparison)
_HERE = Engine()


def run_comparison(
    kind: type[C],
    contenders: Sequence[Contender],
    data: Data,
    *,
    title: str,
    tags: Mapping[str, str],
    budget: Budget,
    rope: float | None,
    journal: Journal,
    tracker: Tracker,
    on_step: Callable[[Step], None],
    call: str,
    engine: Engine = _HERE,
) -> C:
    """Compare contenders on the same folds, as far as the time budget allows.

    Everything has been checked before. The caller is what was called by the user: a
    warning of an interruption points at the line that called it.

    Parameters
    ----------
    kind : subclass of Comparison
        What is returned.
    contenders : sequence of Contender
        With different names.
    data : Data
    title : str
        Of the parent run.
    tags : mapping of {str: str}
        By which parent runs are found.
    budget : Budget
    rope : float or None
        See `sum_up`.
    journal : Journal
    tracker : Tracker
        Where runs are recorded: a parent, a child a contender, under it one a fold.
    on_step : callable
        Called with a `Step` as the work goes on.
    call : str
        Python code of the comparison.
    engine : Engine, default=Engine()
        Where the folds are run.

    Returns
    -------
    comparison : Comparison

    Raises
    ------
    KeyboardInterrupt
        If ctrl-C came before any fold was finished.
    """
    is_recorded = not isinstance(tracker, NullTracker)
    with (
        engine.trials(contenders, data, budget) as trials,
        tracker.run(title, tags=dict(tags)) as parent,
    ):
        if is_recorded:
            record_facts(parent, data)
        execution = Execution(
            contenders,
            data,
            budget=budget,
            journal=journal,
            trials=trials,
            on_step=on_step,
            noun=kind.noun,
        )
        is_interrupted = execution.run(parent)
        comparison = sum_up(
            kind,
            contenders,
            execution.standings,
            data,
            rope=rope,
            is_interrupted=is_interrupted,
            call=call,
            where=tracker.where(),
        )
        if is_recorded:
            record_outcome(parent, comparison)
            comparison = replace(comparison, run_id=getattr(parent, "run_id", None))
    if is_interrupted:
        _warn_of_interruption(comparison, len(data.folds))
    return comparison


def _warn_of_interruption(comparison: Comparison, n_folds: int) -> None:
    n_done, n_all = len(comparison.fold_scores), len(comparison.table) * n_folds
    message = (
        f"Interrupted: the table stands on {n_done} of {n_all} folds. "
        "The same call goes on where this one stopped, if there is a journal."
    )
    warnings.warn(message, TrainingWarning, stacklevel=4)
