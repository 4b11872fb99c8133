"""Which scores can judge a comparison, and whether they judge probabilities."""

from __future__ import annotations

import functools
import math
import numbers
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import get_scorer, get_scorer_names

from hybridml._checks import describe, did_you_mean
from hybridml.comparing.tasks import Task
from hybridml.exceptions import InvalidParameterError
from hybridml.heads.multilabel_head import MultiLabelHead


def check_scoring(
    scoring: object, targets: npt.NDArray[Any], task: Task = "classification"
) -> None:
    """Check a score, and try it out on a guess at these targets.

    Parameters
    ----------
    scoring : str or callable
        Name of one of scikit-learn's scorers; or what `make_scorer` gives; or any
        function of an estimator, images and targets that gives a number.
    targets : ndarray of shape (n_images,) or (n_images, n_targets)
    task : {"classification", "multilabel", "regression"}, default="classification"

    Raises
    ------
    InvalidParameterError
        If there is no such score, or it does not suit the targets ("f1" needs two
        classes, 0 and 1).
    """
    if not callable(scoring):
        _check_name(scoring)
    nothing = np.zeros((len(targets), 1))
    guess = _guesser(task).fit(nothing, targets)
    noun = "numbers" if task == "regression" else "labels"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = get_scorer(scoring)(guess, nothing, targets)
    except (ValueError, TypeError, AttributeError) as exc:
        reason = (str(exc).strip() or type(exc).__name__).splitlines()[0].rstrip(".")
        expected = f"a score that suits these {noun} ({reason})"
        is_scorer = isinstance(scoring, str) or hasattr(scoring, "_score_func")
        cure = "" if is_scorer else "make_scorer makes one of a metric."
        message = describe("scoring", scoring, expected, cure)
        raise InvalidParameterError(message) from exc
    if not isinstance(value, numbers.Real):
        expected = f"a score that is one number (it gave {value!r})"
        raise InvalidParameterError(describe("scoring", scoring, expected))


def scores_probabilities(scoring: Any) -> bool:
    """Whether a score judges `predict_proba`, so that heads have to be calibrated.

    Of a function of one's own it is not known: then it is taken to judge predictions.

    Examples
    --------
    >>> [scores_probabilities(name) for name in ("accuracy", "neg_log_loss")]
    [False, True]
    """
    method = getattr(get_scorer(scoring), "_response_method", "predict")
    return method in ("predict_proba", ["predict_proba"], ("predict_proba",))


def score_bounds(name: str) -> tuple[float, float]:
    """Least and greatest value of a score of scikit-learn's; infinite where unknown.

    Examples
    --------
    >>> score_bounds("accuracy"), score_bounds("r2"), score_bounds("neg_log_loss")
    ((0.0, 1.0), (-inf, 1.0), (-inf, 0.0))
    """
    if name.startswith("neg_"):
        return -math.inf, 0.0
    if name not in get_scorer_names():
        return -math.inf, math.inf
    if name.startswith(("r2", "d2", "explained_variance")):
        return -math.inf, 1.0
    return (-1.0 if name == "matthews_corrcoef" else 0.0), 1.0


def scoring_name(scoring: Any) -> str:
    """Name a score, to be shown.

    Examples
    --------
    >>> from sklearn.metrics import fbeta_score, make_scorer, mean_absolute_error
    >>> scoring_name("accuracy"), scoring_name(make_scorer(fbeta_score, beta=2))
    ('accuracy', 'fbeta_score(beta=2)')
    >>> scoring_name(make_scorer(mean_absolute_error, greater_is_better=False))
    'neg_mean_absolute_error'
    """
    if isinstance(scoring, str):
        return scoring
    metric = getattr(scoring, "_score_func", None)
    if metric is None:
        return _function_name(scoring)
    sign = "neg_" if scoring._sign < 0 else ""
    settings = ", ".join(f"{name}={value!r}" for name, value in scoring._kwargs.items())
    return f"{sign}{_function_name(metric)}" + (f"({settings})" if settings else "")


def _function_name(function: Any) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    return str(getattr(function, "__name__", type(function).__name__))


def _check_name(scoring: object) -> None:
    known = get_scorer_names()
    if not isinstance(scoring, str) or scoring not in known:
        expected = "the name of one of scikit-learn's scorers, or a scorer"
        see = "See sklearn.metrics.get_scorer_names()."
        cure = f"{did_you_mean(scoring, known)} {see}".lstrip()
        raise InvalidParameterError(describe("scoring", scoring, expected, cure))


def _guesser(task: Task) -> Any:
    if task == "regression":
        return DummyRegressor()
    guess = DummyClassifier(strategy="stratified", random_state=0)
    return MultiLabelHead(guess) if task == "multilabel" else guess
