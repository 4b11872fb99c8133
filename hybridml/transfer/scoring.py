"""Which scores can judge a comparison, and whether they judge probabilities."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.dummy import DummyClassifier
from sklearn.metrics import get_scorer, get_scorer_names

from hybridml._checks import describe, did_you_mean
from hybridml.exceptions import InvalidParameterError


def check_scoring(scoring: object, labels: npt.NDArray[Any]) -> None:
    """Check the name of a score, and try it out on a guess at these labels.

    Parameters
    ----------
    scoring : str
        Name of one of scikit-learn's scorers.
    labels : ndarray of shape (n_images,)

    Raises
    ------
    InvalidParameterError
        If there is no such score, or it does not suit the labels ("f1" needs two
        classes, 0 and 1).
    """
    known = get_scorer_names()
    if not isinstance(scoring, str) or scoring not in known:
        expected = "the name of one of scikit-learn's scorers"
        see = "See sklearn.metrics.get_scorer_names()."
        cure = f"{did_you_mean(scoring, known)} {see}".lstrip()
        raise InvalidParameterError(describe("scoring", scoring, expected, cure))
    nothing = np.zeros((len(labels), 1))
    guess = DummyClassifier(strategy="stratified", random_state=0).fit(nothing, labels)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            get_scorer(scoring)(guess, nothing, labels)
    except (ValueError, TypeError, AttributeError) as exc:
        reason = str(exc).strip().splitlines()[0].rstrip(".")
        expected = f"a score that suits these labels ({reason})"
        raise InvalidParameterError(describe("scoring", scoring, expected)) from exc


def scores_probabilities(scoring: Any) -> bool:
    """Whether a score judges `predict_proba`, so that heads have to be calibrated.

    Examples
    --------
    >>> [scores_probabilities(name) for name in ("accuracy", "neg_log_loss")]
    [False, True]
    """
    method = getattr(get_scorer(scoring), "_response_method", "predict")
    return bool(method == "predict_proba")
