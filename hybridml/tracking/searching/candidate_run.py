"""The run of one candidate: its parameters, a point for each fold, and the mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from hybridml.tracking.protocol import Run

Numbers = Mapping[str, float]


class FoldFailed(Exception):
    """Ends the run of a fold, or of a candidate all of whose folds failed."""


class CandidateRun:
    """A candidate while its folds come in.

    Parameters
    ----------
    label : str
        By which the runs of its folds are called.
    title : str
        The label with the parameters: the run's name.
    params : mapping of {str: str}
    tags : mapping of {str: str}
    open_run : callable
        Such as the parent's `child`.
    fold_runs : bool
        Whether each fold has a run of its own, too.

    Attributes
    ----------
    folds : dict of {int: mapping of {str: float} or None}
        What each fold gave so far; None where it failed.
    """

    def __init__(
        self,
        label: str,
        title: str,
        *,
        params: Mapping[str, str],
        tags: Mapping[str, str],
        open_run: Callable[..., AbstractContextManager[Run]],
        fold_runs: bool,
    ) -> None:
        self.title = title
        self.params = dict(params)
        self.folds: dict[int, Numbers | None] = {}
        self._label = label
        self._tags = tags
        self._fold_runs = fold_runs
        self._block: AbstractContextManager[Run] | None = open_run(title, tags=tags)
        self._run = self._block.__enter__()
        self._run.log_params(params)

    def add_fold(self, number: int, numbers: Numbers | None) -> None:
        """Record a fold (from 0); None is one that failed."""
        self.folds[number] = numbers
        found = finite(numbers or {})
        if found:
            points = {f"fold_{name}": value for name, value in found.items()}
            self._run.log_metrics(points, step=number + 1)
        if self._fold_runs:
            name = f"{self._label}, fold {number + 1}"
            block = self._run.child(name, tags=self._tags)
            block.__enter__().log_metrics(found)
            _leave(block, FoldFailed() if numbers is None else None)

    def end(self, summary: Numbers) -> None:
        """Record what the folds sum up to, and close the run."""
        self._run.log_metrics(finite(summary))
        failed = [n + 1 for n, found in sorted(self.folds.items()) if found is None]
        if failed:
            text = ", ".join(map(str, failed))
            self._run.set_tags({"hybridml.failed_folds": text})
        is_lost = bool(failed) and len(failed) == len(self.folds)
        self.close(FoldFailed() if is_lost else None)

    def close(self, error: BaseException | None) -> None:
        """Close the run once, as failed or killed where there is an error."""
        if self._block is not None:
            _leave(self._block, error)
        self._block = None


def summarize(
    folds: Mapping[int, Numbers | None], error_score: Any = np.nan
) -> dict[str, float]:
    """Average what the folds gave, as `cv_results_` does, with deviations of scores.

    Parameters
    ----------
    folds : mapping of {int: mapping of {str: float} or None}
    error_score : float or "raise", default=nan
        The scores of a fold that failed.

    Examples
    --------
    >>> found = summarize({0: {"score": 0.5}, 1: {"score": 0.7}})
    >>> round(found["score"], 3), round(found["score_std"], 3)
    (0.6, 0.1)
    """
    given = [numbers for numbers in folds.values() if numbers is not None]
    summary = {}
    for name in {name: None for numbers in given for name in numbers}:
        values = [numbers.get(name, np.nan) for numbers in given]
        is_score = name.startswith("score")
        if is_score:
            instead = np.nan if error_score == "raise" else error_score
            values += [instead] * (len(folds) - len(given))
        summary[name] = float(np.mean(values))
        if is_score:
            summary[f"{name}_std"] = float(np.std(values))
    return summary


def finite(numbers: Numbers) -> dict[str, float]:
    """Keep the finite ones."""
    return {k: float(value) for k, value in numbers.items() if np.isfinite(value)}


def _leave(block: AbstractContextManager[Run], error: BaseException | None) -> None:
    block.__exit__(None if error is None else type(error), error, None)
