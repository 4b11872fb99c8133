"""Comparing the transfer cases on the same folds, and naming the winner."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy.typing as npt

from hybridml.backbones.cut_layer import CutLayer
from hybridml.comparing.data import Data
from hybridml.comparing.engine import check_engine
from hybridml.comparing.identity import digest_all
from hybridml.comparing.progress import Step
from hybridml.comparing.run_comparison import run_comparison
from hybridml.comparing.scoring import check_scoring, scores_probabilities
from hybridml.comparing.settings import begin_budget, check_tracker, open_journal
from hybridml.comparing.splits import make_folds
from hybridml.comparing.tasks import Task, check_targets, default_scoring, find_task
from hybridml.comparing.wording_call import word_call
from hybridml.exceptions import ImageDecodeError
from hybridml.features.choosing import open_store
from hybridml.features.store import FeatureStore
from hybridml.heads.catalogue import default_heads
from hybridml.images.door import as_images
from hybridml.images.failures import find_bad_images, raise_bad_images
from hybridml.images.policies import Augmentation
from hybridml.tracking.protocol import Tracker
from hybridml.transfer.cases.class_map import ClassMap
from hybridml.transfer.cases.making import CaseOptions
from hybridml.transfer.comparing.comparison import TransferComparison
from hybridml.transfer.comparing.planning import check_candidates, plan_candidates
from hybridml.transfer.comparing.recording import comparison_tags, comparison_title


def compare_transfer_cases(
    X: Any,
    y: Any,
    *,
    backbones: str | Sequence[str] = ("efficientnet_lite0",),
    cases: int | Sequence[int] | None = None,
    heads: str | Sequence[str] | None = None,
    cut_layers: CutLayer = "all",
    all_layers: bool = True,
    task: str = "auto",
    cv: Any = 5,
    scoring: Any = None,
    time_budget_s: float | None = 1200.0,
    rope: float | None = None,
    scratch_backbone: str | None = None,
    weights: str | Path | None = "default",
    image_size: int | None = None,
    scratch_image_size: int | None = None,
    pooling: str = "mean",
    class_map: str | ClassMap = "learn",
    class_weight: Any = None,
    epochs: str | int = "auto",
    augmentation: Augmentation = "standard",
    device: str = "auto",
    precision: str = "auto",
    store: str | Path | FeatureStore | None = "default",
    journal: str | Path | None = "default",
    tracker: Tracker | None = None,
    random_state: int = 0,
    n_jobs: int | None = None,
    engine: str = "local",
    address: str | None = None,
    cpus_per_worker: int = 1,
    gpus_per_worker: float = 0,
    on_step: Callable[[Step], None] = lambda step: None,
) -> TransferComparison:
    """Compare the ways of transferring a pretrained network to a task.

    Every case sees the same folds, and a baseline that guesses stands in the table.
    Whatever a case learns or chooses (class map, cut layer, head, epoch) it learns from
    the training part of the fold. All parameters are checked, and the networks loaded,
    before the first case runs.

    What costs little is run first. Cases 2 to 4 then run a fold each, and go on as long
    as the time budget allows: where it is short the worse half drops out. At any moment
    the results so far are a comparison: ctrl-C ends it with the table as it stands (and
    raises where there is none yet). Each finished fold is kept in a journal, so that
    the same call, or one with more cases, goes on where the last one was stopped.

    Parameters
    ----------
    X : sequence of n_images images
        As for `DeepFeatureExtractor`.
    y : array-like of shape (n_images,) or (n_images, n_labels)
    backbones : str or sequence of str, default=("efficientnet_lite0",)
    cases : int, sequence of int or None, default=None
        None is all: 0 to 4, and for a regression 1 to 4.
    heads : str, sequence of str or None, default=None
        Case 1's heads; the best is chosen in inner folds, with its strength. None is
        "linear_svm" and "logistic", for a regression "ridge" and "linear_svm".
    cut_layers : "all", str, int, or sequence of them, default="all"
        Case 1's cut layers; the best is chosen in inner folds.
    all_layers : bool, default=True
        Where `cut_layers` is "all": whether features selected from all the layers
        (`AllLayersClassifier`) compete as well, and an ensemble in which each layer has
        its say (`LayerEnsembleClassifier`). They do not for several labels an image nor
        with class weights, which these estimators do not take.
    task : {"auto", "classification", "multilabel", "regression"}, default="auto"
        What is predicted; see `hybridml.comparing.tasks.find_task`. Counts are a
        regression only where it is said.
    cv : int, splitter or iterable of (train, test), default=5
        A number means shuffled folds, stratified where there are classes.
    scoring : str, callable or None, default=None
        Any scorer of scikit-learn's that suits the task; None is accuracy, f1_macro
        (several labels) or r2.
    time_budget_s : float or None, default=1200.0
        Seconds to begin new folds in; a training that would not end in time is stopped.
        Features, and cases 0 and 1 on them, are computed in any case. None is no limit.
    rope : float or None, default=None
        Scores less than this apart are practically equivalent. None is 0.01; for errors
        (scores named "neg_...") a hundredth of the baseline's.
    scratch_backbone : str or None, default=None
        What case 4 trains; None for each of the backbones.
    weights, image_size, pooling, class_map, class_weight, epochs, augmentation, \
device, precision, store
        As for `TransferClassifier`.
    scratch_image_size : int or None, default=None
        Input size of `scratch_backbone`; None for its own.
    journal : "default", path or None, default="default"
        Folder for the results of folds; "default" is "comparisons" in the store's, and
        none where there is no store. Results are known again by the content of images
        and folds, the case with all its parameters, the name of the score, and the
        versions of the packages; with a callable as score nothing is kept.
    tracker : Tracker or None, default=None
        Where runs are recorded: a parent, a child a case, under it one a fold.
    random_state : int, default=0
    n_jobs : int or None, default=None
        Threads of case 1's search and of the decoding; None for one a core when
        decoding, and a search in one thread.
    engine : {"local", "ray"}, default="local"
        Where folds are run: here, one after the other, or on a Ray cluster, as many at
        a time as it has room for. Its machines have to find the images and the store:
        a folder that they share. "ray" needs ``pip install "hybridml[ray]"``.
    address : str or None, default=None
        Of the cluster; None as for `extract_features`.
    cpus_per_worker : int, default=1
        Cores that Ray sets aside for a fold, and threads that it uses.
    gpus_per_worker : float, default=0
        GPUs that Ray sets aside for a fold.
    on_step : callable, default does nothing
        Called with a `Step` when a fold begins, when an epoch ends, and at the end.

    Returns
    -------
    comparison : TransferComparison

    Raises
    ------
    InvalidParameterError, UnknownNameError, WeightsError
        If a parameter is wrong.
    DataError
        If images, targets and folds do not fit together, or images cannot be decoded.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> dark, light = rng.integers(0, 99, (2, 6, 64, 64, 3), dtype=np.uint8)
    >>> X, y = np.concatenate([dark, light + 150]), ["dark"] * 6 + ["light"] * 6
    >>> found = compare_transfer_cases(
    ...     X, y, cases=[0, 1], cut_layers=["stem", "penultimate"], cv=2,
    ...     image_size=64, store=None,
    ... )
    >>> found.table["candidate"].tolist()[-1], float(found.winner["score"])
    ('baseline', 1.0)
    """
    given = dict(locals())
    where = check_engine(
        "compare_transfer_cases",
        engine=engine,
        address=address,
        cpus_per_worker=cpus_per_worker,
        gpus_per_worker=gpus_per_worker,
    )
    budget = begin_budget("compare_transfer_cases", time_budget_s, rope)
    images = as_images(X)
    kind = find_task(y, task)
    targets = check_targets(y, len(images), kind, min_per_class=2)
    scoring = default_scoring(kind) if scoring is None else scoring
    check_scoring(scoring, targets, kind)
    common = CaseOptions(
        task=kind,
        weights=weights,
        image_size=image_size,
        pooling=pooling,
        cut_layer=cut_layers,
        head=default_heads(kind) if heads is None else heads,
        calibrate=scores_probabilities(scoring),
        scoring=scoring,
        class_map=class_map,
        class_weight=class_weight,
        epochs=epochs,
        augmentation=augmentation,
        device=device,
        precision=precision,
        store=store,
        random_state=random_state,
        n_jobs=n_jobs,
    )
    candidates = plan_candidates(
        backbones,
        cases,
        common,
        all_layers=all_layers and _can_select(cut_layers, kind, class_weight),
        scratch_backbone=scratch_backbone,
        scratch_image_size=scratch_image_size,
    )
    tracker = check_tracker(tracker)
    check_candidates(candidates, images, targets)
    folds = make_folds(targets, cv, random_state, kind)
    digests = digest_all(images, open_store(store))
    with _all_bad_images_named(images):
        return run_comparison(
            TransferComparison,
            candidates,
            Data(images, targets, folds, scoring, kind, digests),
            title=comparison_title(candidates),
            tags=comparison_tags(candidates),
            budget=budget,
            rope=rope,
            journal=open_journal(journal, store),
            tracker=tracker,
            on_step=on_step,
            call=word_call(compare_transfer_cases, given),
            engine=where,
        )


@contextmanager
def _all_bad_images_named(images: npt.NDArray[Any]) -> Iterator[None]:
    """Where a fold meets bad images, name those of all folds, by their own places."""
    try:
        yield
    except ImageDecodeError:
        raise_bad_images(find_bad_images(images), images)
        raise


def _can_select(cut_layers: CutLayer, task: Task, class_weight: Any) -> bool:
    """Whether features of all the layers may be selected from."""
    are_all = isinstance(cut_layers, str) and cut_layers == "all"
    return are_all and task != "multilabel" and class_weight is None
