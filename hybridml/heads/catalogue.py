"""Which heads there are: from names to estimators, defaults and search grids."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR

from hybridml._checks import check_name, did_you_mean, list_names
from hybridml.exceptions import InvalidParameterError, UnknownHeadError
from hybridml.heads.xgboost_head import XGBoostClassifier, XGBoostRegressor

Task = Literal["classification", "multilabel", "regression"]

_DEFAULTS: dict[Task, tuple[str, ...]] = {
    "classification": ("linear_svm", "logistic"),
    "multilabel": ("linear_svm", "logistic"),
    "regression": ("ridge", "linear_svm"),
}


@dataclass(frozen=True)
class HeadSpec:
    """A head by name, with all that `make_head` has to know about it.

    Attributes
    ----------
    name : str
        Name for `make_head`.
    build : mapping of {str: callable}
        For classification and regression, where it can do them, what builds the
        estimator with its default options. The defaults suit 500 to 2,000 deep features
        of 100 to 10,000 rows. Several labels an image are a classification each.
    grid : mapping of {str: tuple}
        Parameters worth a search, each with its values.
    scales_features : bool
        Whether features are standardised first.
    scales_target : bool
        Whether its settings depend on the unit of a regression target, which is
        therefore standardised.
    gives_probabilities : bool
        Whether the classifier has `predict_proba` by itself.
    runs_parallel : bool
        Whether the estimator has a useful `n_jobs`.
    """

    name: str
    build: Mapping[Task, Callable[[], Any]]
    grid: Mapping[str, tuple[Any, ...]]
    scales_features: bool = True
    scales_target: bool = False
    gives_probabilities: bool = False
    runs_parallel: bool = False

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks it can do."""
        return tuple(task for task in get_args(Task) if _built_as(task) in self.build)

    def make(self, task: Task) -> Any:
        """Make the estimator with its default options; for labels, that of one."""
        return self.build[_built_as(task)]()


def _linear_svm() -> LinearSVC:
    return LinearSVC(C=0.003, dual="auto", max_iter=10_000)


def _linear_svm_regression() -> LinearSVR:
    # The squared loss has a primal solver, which converges where the dual one does not.
    return LinearSVR(
        C=0.001, loss="squared_epsilon_insensitive", dual="auto", max_iter=10_000
    )


HEADS: tuple[HeadSpec, ...] = (
    HeadSpec(
        name="linear_svm",
        build={"classification": _linear_svm, "regression": _linear_svm_regression},
        grid={"C": (0.0003, 0.003, 0.03)},
        scales_target=True,
    ),
    HeadSpec(
        name="rbf_svm",
        build={
            "classification": lambda: SVC(C=10.0, gamma="scale"),
            "regression": lambda: SVR(C=10.0, gamma="scale"),
        },
        grid={"C": (1.0, 10.0, 100.0)},
        scales_target=True,
    ),
    HeadSpec(
        name="logistic",
        build={"classification": lambda: LogisticRegression(C=0.01, max_iter=1000)},
        grid={"C": (0.001, 0.01, 0.1)},
        gives_probabilities=True,
    ),
    HeadSpec(
        name="ridge",
        build={
            "classification": lambda: RidgeClassifier(alpha=1000.0),
            "regression": lambda: Ridge(alpha=1000.0),
        },
        grid={"alpha": (100.0, 1000.0, 10_000.0)},
    ),
    HeadSpec(
        name="xgboost",
        build={"classification": XGBoostClassifier, "regression": XGBoostRegressor},
        grid={"max_depth": (3, 6), "n_estimators": (100, 300)},
        scales_features=False,
        gives_probabilities=True,
        runs_parallel=True,
    ),
)


def list_heads(task: Task | None = None) -> list[str]:
    """Names of the heads, sorted.

    Parameters
    ----------
    task : {"classification", "multilabel", "regression"} or None, default=None
        Only the heads that can do it.

    Returns
    -------
    names : list of str

    Examples
    --------
    >>> list_heads("regression")
    ['linear_svm', 'rbf_svm', 'ridge', 'xgboost']
    """
    if task is not None:
        _check_task(task)
    return sorted(head.name for head in HEADS if task is None or task in head.tasks)


def default_heads(task: Task) -> tuple[str, ...]:
    """Name the heads that are tried where none are asked for.

    Examples
    --------
    >>> default_heads("regression")
    ('ridge', 'linear_svm')
    """
    _check_task(task)
    return _DEFAULTS[task]


def get_head(name: str, task: Task = "classification") -> HeadSpec:
    """Look a head up by name.

    Raises
    ------
    UnknownHeadError
        If no head of this name can do the task; the message suggests the nearest one.
    """
    known = list_heads(task)
    check_name(
        "head",
        name,
        known,
        expected=f"a head for {task}: {list_names(known)}",
        see="list_heads()",
        error=UnknownHeadError,
    )
    return next(head for head in HEADS if head.name == name)


def _built_as(task: Task) -> Task:
    return "classification" if task == "multilabel" else task


def _check_task(task: object) -> None:
    if task not in get_args(Task):
        cure = did_you_mean(task, get_args(Task))
        message = f"Got task={task!r}; expected {list_names(get_args(Task))}."
        raise InvalidParameterError(f"{message} {cure}".rstrip())
