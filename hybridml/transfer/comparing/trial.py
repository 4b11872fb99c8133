"""One fold of one candidate: fitted, scored and measured."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import pandas as pd

from hybridml.backbones.counting import images_forwarded
from hybridml.finetune.estimator import FineTuneEstimator
from hybridml.finetune.watching.callbacks import Callback
from hybridml.transfer.cases.making import extractor_of
from hybridml.transfer.comparing.candidate import Candidate
from hybridml.transfer.comparing.fold_result import FoldResult
from hybridml.transfer.comparing.model_size import model_megabytes
from hybridml.transfer.comparing.outputs import (
    can_score_outputs,
    outputs_of,
    score_outputs,
)
from hybridml.transfer.splits import Fold

Scorer = Callable[[Any, Any, Any], float]


@dataclass(frozen=True, eq=False)
class Data:
    """What all the candidates learn from and are judged by.

    Attributes
    ----------
    images : ndarray of shape (n_images, ...)
    targets : ndarray of shape (n_images,) or (n_images, n_labels)
    folds : list of (train, test)
        Positions.
    scorer : callable
        Takes a fitted estimator, images and targets.
    """

    images: npt.NDArray[Any]
    targets: npt.NDArray[Any]
    folds: Sequence[Fold]
    scorer: Scorer


def run_trial(
    candidate: Candidate, data: Data, fold: Fold, callbacks: Sequence[Callback] = ()
) -> FoldResult:
    """Fit a candidate on a fold's training part and judge it on the test part.

    Parameters
    ----------
    candidate : Candidate
    data : Data
    fold : (train, test)
    callbacks : sequence of Callback, default=()
        For those that train a network.

    Raises
    ------
    KeyboardInterrupt
        Also where a training was interrupted and kept its best state.
    """
    train, test = fold
    estimator: Any = candidate.make()
    if isinstance(estimator, FineTuneEstimator):
        estimator.set_params(callbacks=list(callbacks))
    n_before, started = images_forwarded(), time.perf_counter()
    estimator.fit(data.images[train], data.targets[train])
    fit_time_s = time.perf_counter() - started
    if getattr(estimator, "interrupted_", False):
        raise KeyboardInterrupt  # ctrl-C means the comparison, not this fit alone
    if candidate.is_trained:
        estimator.predict(data.images[test][:1])  # makes the network ready, once
    n_fitted = images_forwarded()
    outputs, seconds = outputs_of(estimator, data.images[test])
    n_forwarded = images_forwarded()
    scored = data.targets[test]
    if can_score_outputs(data.scorer):
        score = score_outputs(data.scorer, outputs, scored, candidate.options.task)
    else:
        score = float(data.scorer(estimator, data.images[test], scored))
    for name, nothing in (("callbacks", ()), ("scoring", None)):
        if name in estimator.get_params(deep=False):  # they may refuse to be pickled
            estimator.set_params(**{name: nothing})
    cut_layer, head = _choice(candidate, estimator)
    # All the layers come from the pass that ends at the last of them.
    ends_at = "penultimate" if candidate.variant else cut_layer
    n_stored = max(0, len(test) - (n_forwarded - n_fitted))
    seconds += n_stored * _stored_cost_s(candidate, ends_at)
    return FoldResult(
        score=score,
        fit_time_s=fit_time_s,
        predict_ms_per_image=1000 * seconds / len(test),
        model_mb=model_megabytes(candidate, estimator, ends_at),
        images_forwarded=n_forwarded - n_before,
        n_train=len(train),
        n_test=len(test),
        best_epoch=float(getattr(estimator, "best_epoch_", math.nan)),
        cut_layer=cut_layer,
        head=head,
        outputs=outputs,
        layers=_layers_of(estimator),
        history=getattr(estimator, "history_", None),
    )


def _choice(candidate: Candidate, estimator: Any) -> tuple[str, str]:
    """Where the fitted estimator is cut, and what follows."""
    if hasattr(estimator, "best_cut_layer_"):
        return estimator.best_cut_layer_, estimator.best_head_
    return candidate.cut_layer_and_head()


def _stored_cost_s(candidate: Candidate, cut_layer: str) -> float:
    """Seconds that an image with stored features would cost if it were computed."""
    if candidate.case not in (0, 1):
        return 0.0
    pooling = {"pooling": "mean"} if candidate.case == 0 else {}
    extractor = extractor_of(candidate.options, cut_layer, **pooling)
    return extractor.seconds_per_image()


def _layers_of(estimator: Any) -> pd.DataFrame | None:
    """Inner scores of the cut layers, where they were searched."""
    return estimator.results_ if hasattr(estimator, "best_cut_layer_") else None
