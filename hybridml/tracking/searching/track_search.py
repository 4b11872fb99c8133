"""Recording a scikit-learn search while it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from hybridml._checks import Problems
from hybridml._environment import describe_environment, git_commit
from hybridml.tracking.protocol import Run, Tracker
from hybridml.tracking.searching.fold_watch import FoldWatch
from hybridml.tracking.searching.mailbox import Address, Mailbox
from hybridml.tracking.searching.outcome import record_outcome
from hybridml.tracking.searching.recording_scorer import (
    RecordingScorer,
    scorers_of,
    searched_names,
)
from hybridml.tracking.searching.search_record import SearchRecord
from hybridml.tracking.searching.search_results import SearchResults
from hybridml.tracking.searching.wording import name_of, tags_of, text_of

_SEARCH_HAS = ("estimator", "scoring", "refit", "cv", "error_score", "fit")


@contextmanager
def track_search(
    search: Any,
    tracker: Tracker | Run,
    *,
    name: str = "",
    tags: Mapping[str, str] | None = None,
    fold_runs: bool = False,
) -> Iterator[Run]:
    """Record a search while it runs: a run for it, and one for each candidate below.

    The run of a candidate is there when its first fold begins (in searches other than
    `GridSearchCV`: has ended). Each fold is recorded when it ends, as a point of that
    run, which ends with the last one, with means and deviations of the scores. When
    the search ends, its own run gets the winner with score and parameters, a note with
    the table and how to reproduce it, and ``cv_results_`` as a file. Candidates and
    searches have the tags of comparisons (``hybridml.cut_layer``, ``hybridml.head``,
    ...), from parameters by their last names.

    Parameters
    ----------
    search : GridSearchCV, RandomizedSearchCV or one like them
        To be fitted, once, in the block. After that it is as it was, but fitted.
    tracker : Tracker or Run
        Such as `MLflowTracker()`; or a run, below which the search's run is to be.
    name : str, default=""
        Of the search's run; "" names it after the search and its estimator.
    tags : mapping of {str: str} or None, default=None
        More tags for the search and its candidates.
    fold_runs : bool, default=False
        Whether each fold has a run of its own below its candidate's, too. Where folds
        are many and short, their runs may take longer than they do.

    Returns
    -------
    block : context manager of Run
        It gives the search's run, for what else is to be recorded.

    Raises
    ------
    InvalidParameterError
        If a parameter has a wrong value.
    HybridMLError
        By scikit-learn 1.9 or newer, if the search is fitted twice in a block, or a
        copy of it is, as in `cross_val_score`.

    Notes
    -----
    Folds tell of themselves through the search's ``scoring`` and, where scikit-learn
    has callbacks (1.9 and newer), a callback: both are set for the length of the
    block. Without callbacks folds are numbered as they end, seconds of a fold are not
    known, and folds that fail are recorded when the search ends.

    With ``n_jobs`` the folds of other processes come over a local socket; the tracker
    stays in this process. Workers on other machines (Dask, Ray) do not reach it: their
    folds are recorded when the search ends, from ``cv_results_``. Several scores are
    given to the search as one function that returns them all.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import GridSearchCV
    >>> from hybridml import RecordingTracker, track_search
    >>> search = GridSearchCV(LogisticRegression(max_iter=500), {"C": [0.01, 1.0]})
    >>> tracker = RecordingTracker()
    >>> with track_search(search, tracker):
    ...     search = search.fit(*load_iris(return_X_y=True))
    >>> tracker.runs[0].tags["hybridml.winner"]
    'candidate 2 (C=1.0)'
    >>> [run.name for run in tracker.runs[0].children]
    ['candidate 1 (C=0.01)', 'candidate 2 (C=1.0)']
    """
    _check(search, tracker, name)
    open_run = tracker.run if isinstance(tracker, Tracker) else tracker.child
    own = {**_own_tags(search), **(tags or {})}
    title = name or f"{type(search).__name__} of {name_of(search.estimator)}"
    before = getattr(search, "cv_results_", None)
    with open_run(title, tags={"hybridml.kind": "search", **own}) as parent:
        parent.log_params(_own_params(search))
        with SearchRecord(parent, search, tags=own, fold_runs=fold_runs) as record:
            with Mailbox(record.hear) as mailbox, _listened(search, mailbox.address):
                yield parent
            if getattr(search, "cv_results_", None) is not before:
                results = SearchResults(search)
                candidates = record.complete(results)
                record_outcome(parent, search, results, candidates, _surroundings())


@contextmanager
def _listened(search: Any, address: Address) -> Iterator[None]:
    """Set what tells of the folds, and in the end what was there before."""
    scoring, scorers = search.scoring, scorers_of(search)
    # There is no public way to ask for the callbacks that are set.
    callbacks = list(getattr(search, "_skl_callbacks", []))
    search.scoring = recording = RecordingScorer(search, address)
    if hasattr(search, "set_callbacks"):
        search.set_callbacks(*callbacks, FoldWatch(search, address))
    try:
        yield
    finally:
        search.scoring = scoring
        if hasattr(search, "set_callbacks"):
            search.set_callbacks(*callbacks)
        if getattr(search, "scorer_", None) is recording:
            search.scorer_ = scorers


def _own_tags(search: Any) -> dict[str, str]:
    """Tag the search by what it does not try values of."""
    tried = {name.rpartition("__")[2] for name in searched_names(search)}
    params = search.estimator.get_params()
    fixed = {k: v for k, v in params.items() if k.rpartition("__")[2] not in tried}
    commit = git_commit()
    version = {"mlflow.source.git.commit": commit} if commit else {}
    named = {"hybridml.estimator": name_of(search.estimator)}
    return {**named, **tags_of(fixed), **version}


def _surroundings() -> dict[str, str]:
    commit = git_commit()
    return {**describe_environment(), **({"commit": commit} if commit else {})}


def _own_params(search: Any) -> dict[str, object]:
    params = search.get_params(deep=False)
    own = {"search": type(search).__name__}
    names = ("param_grid", "param_distributions", "n_iter", "cv", "scoring", "refit")
    own |= {name: text_of(params[name]) for name in names if name in params}
    # A param is recorded once, and those of the winner are to come.
    return {k: value for k, value in own.items() if k not in searched_names(search)}


def _check(search: Any, tracker: Any, name: Any) -> None:
    problems = Problems("track_search")
    is_search = not isinstance(search, type) and all(
        hasattr(search, part) for part in _SEARCH_HAS
    )
    expected = "a search such as GridSearchCV(estimator, grid)"
    problems.expect(is_search, "search", search, expected)
    is_tracker = isinstance(tracker, Tracker | Run) and not isinstance(tracker, type)
    expected = "a tracker such as MLflowTracker(), or a run"
    problems.expect(is_tracker, "tracker", tracker, expected)
    problems.expect(isinstance(name, str), "name", name, "a text")
    if is_search:
        _check_refit(problems, search)
    problems.raise_all()


def _check_refit(problems: Problems, search: Any) -> None:
    """See to what the search itself, given one function, would see after its folds."""
    scoring, refit = search.scoring, search.refit
    if scoring is None or isinstance(scoring, str) or callable(scoring):
        return
    fits = refit is False or callable(refit) or refit in list(scoring)
    expected = "one of the names of `scoring`, a function or False for several scores"
    problems.expect(fits, "refit", refit, expected)
