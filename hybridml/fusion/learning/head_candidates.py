"""The heads that are tried on features of blocks, each with its strengths."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from hybridml._checks import describe
from hybridml.exceptions import InvalidParameterError
from hybridml.fusion.learning.unit_rbf import unit_rbf
from hybridml.heads.catalogue import Task, get_head
from hybridml.heads.multilabel_head import MultiLabelHead
from hybridml.heads.scaled_target_head import ScaledTargetHead

# Rows of blocks have a mean square length of 1: the strengths that suit differ from
# those for hundreds of standardised features.
_MOST_ROWS_FOR_KERNELS = 3000  # a fit takes time with the square of their number

_GRIDS: dict[str, dict[str, tuple[Any, ...]]] = {
    "logistic": {"C": (1.0, 10.0, 100.0)},
    "linear_svm": {"C": (0.1, 1.0, 10.0)},
    "rbf_svm": {"C": (10.0,)},
    "ridge": {"alpha": (0.1, 1.0, 10.0)},
    "xgboost": {"max_depth": (3, 6)},
}


def list_candidates(
    head: Any,
    task: Task,
    *,
    n_rows: int,
    is_table: bool = False,
    class_weight: Any = None,
    random_state: int = 0,
) -> list[Any]:
    """Make the unfitted heads to choose from.

    Parameters
    ----------
    head : str, estimator, or sequence of them
        Names are those of `list_heads`, each with several strengths; an estimator is
        taken as it is. "auto" is "logistic" (of numbers "ridge"), up to 3,000 rows also
        "rbf_svm", and for a table "xgboost".
    task : {"classification", "multilabel", "regression"}
    n_rows : int
        That will be learned from.
    is_table : bool, default=False
        Whether the features are a table's alone.
    class_weight : "balanced", dict or None, default=None
        For heads by name.
    random_state : int, default=0

    Raises
    ------
    UnknownHeadError
        If no head of a name can do the task.
    InvalidParameterError
        If something is neither a name nor an estimator.
    """
    if isinstance(head, str) and head == "auto":
        head = _choose_automatically(task, n_rows, is_table)
    listed = (
        head if isinstance(head, Sequence) and not isinstance(head, str) else [head]
    )
    if not len(listed):
        raise InvalidParameterError(describe("head", head, "at least one head"))
    given = {"class_weight": class_weight, "random_state": random_state}
    return [made for one in listed for made in _make(one, task, given)]


def _choose_automatically(task: Task, n_rows: int, is_table: bool) -> list[str]:
    chosen = ["ridge" if task == "regression" else "logistic"]
    if n_rows <= _MOST_ROWS_FOR_KERNELS:
        chosen.append("rbf_svm")
    return [*chosen, "xgboost"] if is_table else chosen


def _make(head: Any, task: Task, given: dict[str, Any]) -> list[Any]:
    if not isinstance(head, str):
        is_estimator = not isinstance(head, type) and hasattr(head, "predict")
        if not (is_estimator and hasattr(head, "get_params")):
            expected = "the name of a head, an estimator, or a list of them"
            raise InvalidParameterError(describe("head", head, expected))
        return [head]
    spec = get_head(head, task)
    grid = _GRIDS.get(head, spec.grid)
    found = []
    for values in product(*grid.values()):
        estimator = spec.make(task)
        accepted = estimator.get_params()
        own = {k: v for k, v in given.items() if v is not None and k in accepted}
        estimator.set_params(**own, **dict(zip(grid, values, strict=True)))
        if head == "rbf_svm":
            estimator.set_params(kernel=unit_rbf)
        if task == "multilabel":
            estimator = MultiLabelHead(estimator)
        elif task == "regression" and spec.scales_target:
            estimator = ScaledTargetHead(estimator)
        found.append(estimator)
    return found
