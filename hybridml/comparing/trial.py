"""One fold of one contender: fitted, scored and measured."""

from __future__ import annotations

import math
import pickle
import time
from collections.abc import Sequence
from typing import Any

from hybridml.backbones.counting import images_forwarded
from hybridml.comparing.contender import Contender
from hybridml.comparing.data import Data
from hybridml.comparing.fold_result import FoldResult
from hybridml.comparing.outputs import can_score_outputs, outputs_of, score_outputs
from hybridml.comparing.splits import Fold
from hybridml.finetune.watching.callbacks import Callback


def run_trial(
    contender: Contender, data: Data, fold: Fold, callbacks: Sequence[Callback] = ()
) -> FoldResult:
    """Fit a contender on a fold's training part and judge it on the test part.

    Parameters
    ----------
    contender : Contender
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
    inputs, scored = data.rows(test), data.targets[test]
    estimator: Any = contender.make()
    _set_where_known(estimator, callbacks=list(callbacks))
    n_before, started = images_forwarded(), time.perf_counter()
    estimator.fit(data.rows(train), data.targets[train])
    fit_time_s = time.perf_counter() - started
    if getattr(estimator, "interrupted_", False):
        raise KeyboardInterrupt  # ctrl-C means the comparison, not this fit alone
    if contender.is_trained:
        estimator.predict(inputs[:1])  # makes the network ready, once
    n_fitted = images_forwarded()
    outputs, seconds = outputs_of(estimator, inputs)
    n_forwarded = images_forwarded()
    if can_score_outputs(data.scorer):
        score = score_outputs(data.scorer, outputs, scored, data.task)
    else:
        score = float(data.scorer(estimator, inputs, scored))
    # They may refuse to be pickled.
    _set_where_known(estimator, callbacks=(), scoring=None)
    extra = contender.extra_costs(
        estimator, n_predicted=len(test), n_forwarded=n_forwarded - n_fitted
    )
    return FoldResult(
        score=score,
        fit_time_s=fit_time_s + extra.fit_seconds,
        predict_ms_per_image=1000 * (seconds + extra.seconds) / len(test),
        model_mb=(len(pickle.dumps(estimator)) + extra.n_bytes) / 1e6,
        images_forwarded=n_forwarded - n_before,
        n_train=len(train),
        n_test=len(test),
        best_epoch=float(getattr(estimator, "best_epoch_", math.nan)),
        choice=contender.choice(estimator),
        outputs=outputs,
        inner_scores=contender.inner_scores(estimator),
        history=getattr(estimator, "history_", None),
    )


def _set_where_known(estimator: Any, **parameters: Any) -> None:
    known = estimator.get_params(deep=False)
    estimator.set_params(**{k: v for k, v in parameters.items() if k in known})
