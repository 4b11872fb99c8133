"""Which fold of which candidate a thread works on, as scikit-learn's callbacks tell."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from hybridml.exceptions import HybridMLError
from hybridml.tracking.searching.mailbox import Address

# As BaseSearchCV names them. Were it to change, folds would be told by their scores
# alone, as in the releases without callbacks.
_FOLD_TASK = "candidate-split-evaluation"


@dataclass
class CurrentFold:
    """A fold while it is fitted and scored.

    Attributes
    ----------
    place : list of int
        The round of the search and the position of the candidate in it.
    fold : int
    begun : float
        On the clock of `time.perf_counter`, in seconds.
    handled : BaseException or None
        What was being handled when it began: nothing of the fold's.
    told : dict
        What the scorer has found.
    """

    place: list[int]
    fold: int
    begun: float
    handled: BaseException | None
    told: dict[str, Any] = field(default_factory=dict)


_CURRENT = threading.local()


def current_fold(address: Address) -> CurrentFold | None:
    """Find the fold that this thread works on for a mailbox."""
    found: CurrentFold | None = vars(_CURRENT).get(address.path)
    return found


class FoldWatch:
    """Tells a mailbox of each fold of a search, failed ones as well.

    It follows `sklearn.callback.FitCallback`, which exists from scikit-learn 1.9 on.
    Scores are not told to callbacks: `RecordingScorer` adds them.

    Parameters
    ----------
    search : BaseSearchCV
    address : Address
    """

    def __init__(self, search: Any, address: Address) -> None:
        self._search = search
        self._address = address
        self._is_begun = False

    def setup(self, estimator: Any, context: Any) -> None:
        """Refuse what would mix the folds of several fits.

        Raises
        ------
        HybridMLError
            If it is not the first fit of the search itself.
        """
        if estimator is not self._search or self._is_begun:
            raise HybridMLError(
                "A block of track_search follows one fit of the search that it was "
                "given, neither a second one nor those of its copies, as in "
                "cross_val_score. Open a block for each fit."
            )
        self._is_begun = True

    def teardown(self, estimator: Any, context: Any) -> None:
        """Do nothing."""

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Note where a fold belongs, and tell that its candidate begins."""
        if context.task_name == _FOLD_TASK:
            position, fold = divmod(context.task_id, estimator.n_splits_)
            place = [int(context.parent.task_id), int(position)]
            now = CurrentFold(place, int(fold), time.perf_counter(), sys.exception())
            vars(_CURRENT)[self._address.path] = now
            if fold == 0:
                self._address.send({"place": place, "begins": True})

    def on_fit_task_end(self, estimator: Any, context: Any) -> None:
        """Tell of a fold, unless it ends the search."""
        if context.task_name == _FOLD_TASK:
            now = vars(_CURRENT).pop(self._address.path, None)
            if now is not None and now.handled is sys.exception():
                about = {"place": now.place, "fold": now.fold}
                self._address.send({**about, **now.told})

    def __getstate__(self) -> dict[str, Any]:
        # A search in a worker is a copy; and it holds this callback itself.
        return {**self.__dict__, "_search": None}
