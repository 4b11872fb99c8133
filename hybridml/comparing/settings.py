"""What may be given to any comparison: its limits, its tracker and its journal."""

from __future__ import annotations

from pathlib import Path

from hybridml._checks import Problems, describe, is_number
from hybridml.comparing.budget import Budget
from hybridml.comparing.journal import Journal
from hybridml.exceptions import InvalidParameterError
from hybridml.features.choosing import open_store
from hybridml.tracking.null_tracker import NullTracker
from hybridml.tracking.protocol import Tracker


def begin_budget(owner: str, time_budget_s: object, rope: object) -> Budget:
    """Check the limits of a comparison, and begin to count its time.

    Parameters
    ----------
    owner : str
        The function that they were given to.
    time_budget_s : float or None
    rope : float or None

    Raises
    ------
    InvalidParameterError
        If one of them is neither a number in range nor None.
    """
    problems = Problems(owner)
    is_time = time_budget_s is None or is_number(time_budget_s, low=0.001)
    expected = "a positive number of seconds, or None for no limit"
    problems.expect(is_time, "time_budget_s", time_budget_s, expected)
    is_margin = rope is None or is_number(rope)
    problems.expect(is_margin, "rope", rope, "a number from 0, or None")
    problems.raise_all()
    return Budget(time_budget_s)  # type: ignore[arg-type]


def check_tracker(tracker: object) -> Tracker:
    """Return a tracker: the one that does nothing for None.

    Raises
    ------
    InvalidParameterError
        If it is none.
    """
    if tracker is None:
        return NullTracker()
    if not isinstance(tracker, Tracker) or isinstance(tracker, type):
        expected = "a tracker such as MLflowTracker(), or None"
        raise InvalidParameterError(describe("tracker", tracker, expected))
    return tracker


def open_journal(journal: object, store: object) -> Journal:
    """Open a journal: "default" is "comparisons" in the store's folder, None is none.

    Parameters
    ----------
    journal : "default", str, Path or None
    store : "default", str, Path, FeatureStore or None
        Without one, the default is none.

    Raises
    ------
    InvalidParameterError
        If `journal` is none of these.
    """
    if journal is None:
        return Journal(None)
    if not isinstance(journal, str | Path):
        expected = "'default', a folder or None"
        raise InvalidParameterError(describe("journal", journal, expected))
    if journal != "default":
        return Journal(Path(journal))
    opened = open_store(store)  # type: ignore[arg-type]
    return Journal(None if opened is None else opened.path / "comparisons")
