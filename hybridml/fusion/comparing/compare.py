"""Comparing ways of fusing modalities on the same folds, and naming the winner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hybridml.comparing.data import Data
from hybridml.comparing.progress import Step
from hybridml.comparing.run_comparison import run_comparison
from hybridml.comparing.scoring import check_scoring
from hybridml.comparing.settings import begin_budget, check_tracker, open_journal
from hybridml.comparing.splits import make_folds
from hybridml.comparing.tasks import check_targets, default_scoring, find_task
from hybridml.comparing.wording_call import word_call
from hybridml.features.choosing import open_store
from hybridml.features.store import FeatureStore
from hybridml.fusion.comparing.comparison import FusionComparison
from hybridml.fusion.comparing.digests import digest_rows
from hybridml.fusion.comparing.options import KINDS, FusionOptions
from hybridml.fusion.comparing.planning import plan_candidates
from hybridml.fusion.comparing.reading import columns_of, file_columns, read_modalities
from hybridml.fusion.comparing.recording import comparison_tags, comparison_title
from hybridml.fusion.late.sharing import share_members
from hybridml.fusion.modalities.frame import as_frame
from hybridml.tracking.protocol import Tracker


def compare_fusion(
    X: Any,
    y: Any,
    *,
    modalities: Any,
    kinds: str | Sequence[str] = KINDS,
    heads: str | Sequence[str] | None = None,
    combinations: str | Sequence[str] = ("mean", "weighted", "stack"),
    methods: str | Sequence[str] = ("concat", "gated"),
    class_weight: Any = None,
    task: str = "auto",
    cv: Any = 5,
    scoring: Any = None,
    time_budget_s: float | None = 900.0,
    rope: float | None = None,
    store: str | Path | FeatureStore | None = "default",
    journal: str | Path | None = "default",
    tracker: Tracker | None = None,
    random_state: int = 0,
    n_jobs: int | None = None,
    on_step: Callable[[Step], None] = lambda step: None,
) -> FusionComparison:
    """Compare early, late and intermediate fusion, and each modality alone.

    All of them see the same folds, and a baseline that guesses stands in the table.
    Whatever is learned or chosen is learned from the training part of the fold. The
    verdict says which one wins, how sure that is, and what fusing gains over the best
    modality alone.

    A modality alone is a member of the late fusions: each is fitted once a fold, for
    all of them. These are run first, then early and intermediate fusions race for the
    time: each a fold, and so on as long as the budget allows; where it is short the
    worse half drops out. At any moment the results so far are a comparison: ctrl-C ends
    it with the table as it stands (and raises where there is none yet). Each finished
    fold is kept in a journal, so that the same call, or one with more contenders, goes
    on where the last one was stopped.

    Parameters
    ----------
    X : DataFrame of shape (n_rows, n_columns)
    y : array-like of shape (n_rows,) or (n_rows, n_targets)
    modalities : list of (name, encoder, columns)
        Two or more, as for `EarlyFusionClassifier`. For late fusion alone an encoder
        may also be a classifier or a regressor.
    kinds : str or sequence of str, default=("early", "late", "intermediate")
    heads : str, sequence of str or None, default=None
        Of early fusion. None is "logistic" ("ridge" for a regression) and, up to 3,000
        rows, "rbf_svm".
    combinations : str or sequence of str, default=("mean", "weighted", "stack")
        Of late fusion; see `LateFusionClassifier`.
    methods : str or sequence of str, default=("concat", "gated")
        Of intermediate fusion; "low_rank" and "attention" are the others.
    class_weight : "balanced", dict or None, default=None
        Of classifiers.
    task : {"auto", "classification", "multilabel", "regression"}, default="auto"
        What is predicted; see `hybridml.comparing.tasks.find_task`. Counts are a
        regression only where it is said.
    cv : int, splitter or iterable of (train, test), default=5
        A number means shuffled folds, stratified where there are classes.
    scoring : str, callable or None, default=None
        Any scorer of scikit-learn's that suits the task; None is accuracy, f1_macro
        (several labels) or r2.
    time_budget_s : float or None, default=900.0
        Seconds to begin new folds in; a training that would not end in time is stopped.
        Late fusions, and modalities alone, are run in any case. None is no limit.
    rope : float or None, default=None
        Scores less than this apart are practically equivalent. None is 0.01; for errors
        (scores named "neg_...") a hundredth of the baseline's.
    store : "default", path, FeatureStore or None, default="default"
        Of features, for encoders by name, and for what is known of files.
    journal : "default", path or None, default="default"
        Folder for the results of folds; "default" is "comparisons" in the store's, and
        none where there is no store. Results are known again by the content of the
        columns that are used (of images and sounds that of their files), the folds, all
        parameters and weights, the name of the score, and the versions of the packages;
        with a callable as score nothing is kept.
    tracker : Tracker or None, default=None
        Where runs are recorded: a parent, a child a contender, under it one a fold.
    random_state : int, default=0
    n_jobs : int or None, default=None
        Threads of encoders by name.
    on_step : callable, default does nothing
        Called with a `Step` when a fold begins, when an epoch ends, and at the end.

    Returns
    -------
    comparison : FusionComparison

    Raises
    ------
    InvalidParameterError, UnknownNameError
        If a parameter is wrong.
    DataError
        If table, targets and folds do not fit together.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"age": [7, 7, 40, 40] * 6, "weight": [20, 90, 20, 90] * 6})
    >>> y = ["child", "heavy child", "light adult", "adult"] * 6
    >>> from sklearn.preprocessing import StandardScaler
    >>> found = compare_fusion(
    ...     X, y, kinds="late", combinations="mean", cv=2, store=None,
    ...     modalities=[
    ...         ("age", StandardScaler(), ["age"]),
    ...         ("weight", StandardScaler(), ["weight"]),
    ...     ],
    ... )
    >>> found.winner["candidate"], round(float(found.gain["difference"]), 1)
    ('late fusion (mean)', 0.5)
    """
    given = dict(locals())
    budget = begin_budget("compare_fusion", time_budget_s, rope)
    # Members are known by the rows that they were fitted on, and these by their index.
    frame = as_frame(X).reset_index(drop=True)
    kind = find_task(y, task)
    targets = check_targets(y, len(frame), kind, min_per_class=2)
    scoring = default_scoring(kind) if scoring is None else scoring
    check_scoring(scoring, targets, kind)
    opened = open_store(store)
    known, encoders = read_modalities(frame, modalities, store=store, n_jobs=n_jobs)
    options = FusionOptions(known, encoders, kind, class_weight, random_state)
    candidates = plan_candidates(
        options,
        n_rows=len(frame),
        kinds=kinds,
        heads=heads,
        combinations=combinations,
        methods=methods,
    )
    tracker = check_tracker(tracker)
    folds = make_folds(targets, cv, random_state, kind)
    files = file_columns(known, encoders)
    digests = digest_rows(frame, columns_of(known), files, opened)
    with share_members():
        return run_comparison(
            FusionComparison,
            candidates,
            Data(frame, targets, folds, scoring, kind, digests, noun="row"),
            title=comparison_title(options),
            tags=comparison_tags(candidates),
            budget=budget,
            rope=rope,
            journal=open_journal(journal, store),
            tracker=tracker,
            on_step=on_step,
            call=word_call(compare_fusion, given),
        )
