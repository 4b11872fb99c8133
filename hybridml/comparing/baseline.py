"""The contender that every comparison has: it guesses without looking."""

from __future__ import annotations

from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier, DummyRegressor

from hybridml.comparing.tasks import Task
from hybridml.heads.multilabel_head import MultiLabelHead

BASELINE = "baseline"  # its name in the table


def make_baseline(task: Task) -> BaseEstimator:
    """Make an estimator that predicts the most frequent class or label, or the mean.

    Examples
    --------
    >>> guess = make_baseline("classification").fit([[0], [0], [0]], ["a", "b", "b"])
    >>> guess.predict([[0]])
    array(['b'], dtype='<U1')
    """
    if task == "regression":
        return DummyRegressor()
    guess = DummyClassifier()
    return MultiLabelHead(guess) if task == "multilabel" else guess


def guess_of(task: Task) -> str:
    """Name what the baseline predicts with: its head.

    Examples
    --------
    >>> guess_of("multilabel"), guess_of("regression")
    ('prior', 'mean')
    """
    return "mean" if task == "regression" else "prior"
