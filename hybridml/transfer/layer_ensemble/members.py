"""The members of an ensemble: a head for each layer, and one for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hybridml._threads import one_blas_thread
from hybridml.comparing.splits import Fold
from hybridml.heads.making import make_head
from hybridml.transfer.all_layers.choosing import FRACTIONS, STRENGTHS, score_choices
from hybridml.transfer.all_layers.selecting_head import SelectingHead
from hybridml.transfer.all_layers.tasks import Kind, make_task
from hybridml.transfer.cases.catalogue import ALL_LAYERS
from hybridml.transfer.cases.head_search import search_head

_HEADS: dict[Kind, str] = {"classification": "logistic", "regression": "ridge"}
# Not the accuracy: probabilities that are averaged have to be neither shy nor bold.
_SCORING: dict[Kind, str] = {"classification": "neg_log_loss", "regression": "r2"}


@dataclass(frozen=True, eq=False)
class Problem:
    """What every member learns, and on which folds it is chosen.

    Attributes
    ----------
    kind : {"classification", "regression"}
    targets : ndarray of shape (n_images,) or (n_images, n_targets)
    folds : sequence of (train, test)
    random_state : int
    n_jobs : int or None
        Threads.
    """

    kind: Kind
    targets: npt.NDArray[Any]
    folds: Sequence[Fold]
    random_state: int
    n_jobs: int | None


def choose_member(
    cut_layer: str, features: npt.NDArray[np.float32], problem: Problem
) -> tuple[Any, dict[str, Any]]:
    """Choose the parameters of the head for some features, on the folds.

    From a layer's features a head of the default strengths learns; of all the layers'
    side by side, from the most relevant ones, as in `AllLayersClassifier`.

    Returns
    -------
    head : estimator
        Not fitted.
    inner : dict
        params, score and score_std, in the folds.
    """
    choose = _choose_selection if cut_layer == ALL_LAYERS else _choose_head
    return choose(features, problem)


def _choose_head(
    features: npt.NDArray[np.float32], problem: Problem
) -> tuple[Any, dict[str, Any]]:
    name = _HEADS[problem.kind]
    seed = problem.random_state
    head = make_head(name, task=problem.kind, random_state=seed)
    found = search_head(
        name,
        head,
        features,
        problem.targets,
        task=problem.kind,
        folds=problem.folds,
        scoring=_SCORING[problem.kind],
        n_jobs=problem.n_jobs,
    )
    return head.set_params(**found["params"]), found


def _choose_selection(
    features: npt.NDArray[np.float32], problem: Problem
) -> tuple[Any, dict[str, Any]]:
    with one_blas_thread():
        results = score_choices(
            make_task(problem.kind, problem.random_state),
            features,
            problem.targets,
            folds=problem.folds,
            strengths=STRENGTHS,
            fractions=FRACTIONS,
            scoring=_SCORING[problem.kind],
            n_jobs=problem.n_jobs,
        )
    best = results.iloc[int(results["score"].argmax())]
    strength, fraction = float(best["strength"]), float(best["fraction"])
    head = SelectingHead(
        problem.kind,
        strength=strength,
        fraction=fraction,
        params=best["params"],
        random_state=problem.random_state,
    )
    return head, {
        "params": {"strength": strength, "fraction": fraction, **best["params"]},
        "score": float(best["score"]),
        "score_std": float(best["score_std"]),
    }
