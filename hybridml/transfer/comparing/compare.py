"""Comparing the transfer cases on the same folds, and naming the winner."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.metrics import get_scorer

from hybridml._checks import describe
from hybridml._labels import check_labels
from hybridml.backbones.cut_layer import CutLayer
from hybridml.exceptions import ImageDecodeError, InvalidParameterError
from hybridml.features.store import FeatureStore
from hybridml.images.door import as_images
from hybridml.images.failures import find_bad_images, raise_bad_images
from hybridml.tracking.null_tracker import NullTracker
from hybridml.tracking.protocol import Tracker
from hybridml.transfer.cases.catalogue import CASES
from hybridml.transfer.cases.class_map import ClassMap
from hybridml.transfer.cases.making import CaseOptions
from hybridml.transfer.comparing.candidate import Candidate
from hybridml.transfer.comparing.comparison import COLUMNS, TransferComparison
from hybridml.transfer.comparing.planning import check_candidates, plan_candidates
from hybridml.transfer.comparing.progress import ComparisonProgress, Step
from hybridml.transfer.comparing.recording import (
    comparison_tags,
    comparison_title,
    data_params,
    record_outcome,
)
from hybridml.transfer.scoring import check_scoring, scores_probabilities
from hybridml.transfer.splits import make_folds


def compare_transfer_cases(
    X: Any,
    y: Any,
    *,
    backbones: str | Sequence[str] = ("efficientnet_lite0",),
    cases: int | Sequence[int] = tuple(CASES),
    heads: str | Sequence[str] = ("linear_svm", "logistic"),
    cut_layers: CutLayer = "all",
    cv: Any = 5,
    scoring: str = "accuracy",
    scratch_backbone: str | None = None,
    weights: str | Path | None = "default",
    image_size: int | None = None,
    scratch_image_size: int | None = None,
    pooling: str = "mean",
    class_map: str | ClassMap = "learn",
    epochs: str | int = "auto",
    augmentation: str = "standard",
    device: str = "auto",
    precision: str = "auto",
    store: str | Path | FeatureStore | None = "default",
    tracker: Tracker | None = None,
    random_state: int = 0,
    n_jobs: int | None = None,
    on_step: Callable[[Step], None] = lambda step: None,
) -> TransferComparison:
    """Compare the ways of transferring a pretrained network to a task.

    Every case sees the same folds. Whatever a case learns or chooses (class map, cut
    layer, head, epoch) it learns from the training part of the fold. All parameters
    are checked, and the networks loaded, before the first case runs.

    Parameters
    ----------
    X : sequence of n_images images
        As for `DeepFeatureExtractor`.
    y : array-like of shape (n_images,)
    backbones : str or sequence of str, default=("efficientnet_lite0",)
    cases : int or sequence of int, default=(0, 1, 2, 3, 4)
    heads : str or sequence of str, default=("linear_svm", "logistic")
        Case 1's heads; the best is chosen in inner folds, with its strength.
    cut_layers : "all", str, int, or sequence of them, default="all"
        Case 1's cut layers; the best is chosen in inner folds.
    cv : int, splitter or iterable of (train, test), default=5
        A number means shuffled stratified folds.
    scoring : str, default="accuracy"
        Name of any of scikit-learn's scorers that suits the labels.
    scratch_backbone : str or None, default=None
        What case 4 trains; None for each of the backbones.
    weights, image_size, pooling, class_map, epochs, augmentation, device, precision, \
store
        As for `TransferClassifier`.
    scratch_image_size : int or None, default=None
        Input size of `scratch_backbone`; None for its own.
    tracker : Tracker or None, default=None
        Where runs are recorded: a parent, a child a case, under it one a fold.
    random_state : int, default=0
    n_jobs : int or None, default=None
        Threads of case 1's search and of the decoding; None for one a core when
        decoding, and a search in one thread.
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
        If images, labels and folds do not fit together, or images cannot be decoded.

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
    >>> sorted(found.table["case"]), float(found.winner["score"])
    ([0, 1], 1.0)
    """
    images = as_images(X)
    labels = check_labels(y, len(images), min_per_class=2)
    check_scoring(scoring, labels)
    common = CaseOptions(
        weights=weights,
        image_size=image_size,
        pooling=pooling,
        cut_layer=cut_layers,
        head=heads,
        calibrate=scores_probabilities(scoring),
        scoring=scoring,
        class_map=class_map,
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
        scratch_backbone=scratch_backbone,
        scratch_image_size=scratch_image_size,
    )
    tracker = _check_tracker(tracker)
    check_candidates(candidates, images, labels)
    folds = make_folds(labels, cv, random_state)
    progress = ComparisonProgress(candidates, folds, on_step)
    title, tags = comparison_title(candidates), comparison_tags(candidates)
    with tracker.run(title, tags=tags) as parent:
        parent.log_params(data_params(labels, folds, scoring))
        for position, candidate in enumerate(candidates):
            with _all_bad_images_named(images):
                candidate.run(
                    images,
                    labels,
                    folds,
                    scorer=get_scorer(scoring),
                    parent=parent,
                    on_step=progress.reporter(position),
                )
        comparison = _sum_up(candidates, images, labels, scoring, tracker.where())
        if not isinstance(tracker, NullTracker):
            record_outcome(parent, comparison)
    progress.finish("all cases compared")
    return comparison


@contextmanager
def _all_bad_images_named(images: npt.NDArray[Any]) -> Iterator[None]:
    """Where a fold meets bad images, name those of all folds, by their own places."""
    try:
        yield
    except ImageDecodeError:
        raise_bad_images(find_bad_images(images), images)
        raise


def _check_tracker(tracker: object) -> Tracker:
    if tracker is None:
        return NullTracker()
    if not isinstance(tracker, Tracker) or isinstance(tracker, type):
        expected = "a tracker such as MLflowTracker(), or None"
        raise InvalidParameterError(describe("tracker", tracker, expected))
    return tracker


def _sum_up(
    candidates: Sequence[Candidate],
    images: npt.NDArray[Any],
    labels: npt.NDArray[Any],
    scoring: str,
    where: str,
) -> TransferComparison:
    table = pd.DataFrame([c.row() for c in candidates], columns=list(COLUMNS))
    # Of equal scores the lower case, which trains less, stands first.
    order, rounded = ["score", "case"], table.round({"score": 12})
    ranked = table.loc[rounded.sort_values(order, ascending=[False, True]).index]
    best = candidates[ranked.index[0]]
    folds = [
        {"case": c.case, "backbone": c.options.backbone, **fold}
        for c in candidates
        for fold in c.folds
    ]
    return TransferComparison(
        table=ranked.reset_index(drop=True),
        fold_scores=pd.DataFrame(folds),
        layer_scores=_layer_scores(candidates),
        scoring=scoring,
        where=where,
        _refit=partial(_refit, best, images, labels),
    )


def _refit(
    best: Candidate, images: npt.NDArray[Any], labels: npt.NDArray[Any]
) -> BaseEstimator:
    return best.make(calibrate=True).fit(images, labels)


def _layer_scores(candidates: Sequence[Candidate]) -> pd.DataFrame:
    """Average the inner scores of each layer and head over the outer folds."""
    columns = ["backbone", "cut_layer", "head", "score", "score_std"]
    parts = [
        layers.assign(backbone=candidate.options.backbone)
        for candidate in candidates
        for layers in candidate.layers
    ]
    if not parts:
        return pd.DataFrame(columns=columns)
    every = pd.concat(parts)[columns]
    return every.groupby(columns[:3], sort=False, as_index=False).mean()
