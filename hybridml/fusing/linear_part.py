"""Splitting a fitted head into one linear map and what is done with its scores."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model._base import LinearClassifierMixin, LinearModel
from sklearn.pipeline import Pipeline

from hybridml.exceptions import FusingError
from hybridml.fusing.affine_steps import fold_step
from hybridml.models.rebuilding import iterate_parts, rebuild

Array = npt.NDArray[np.float64]
_N_PROBES = 32


@dataclass(frozen=True)
class LinearPart:
    """A head in two parts.

    Attributes
    ----------
    weights : ndarray of shape (n_scores, n_features), float64
    bias : ndarray of shape (n_scores,), float64
    rest : estimator
        The head, but for taking scores in place of features: thresholds, calibration,
        probabilities and the names of the classes stay scikit-learn's own work.
    """

    weights: Array
    bias: Array
    rest: Any


def split_linear(head: Any) -> LinearPart:
    """Split a head whose answers depend on linear scores of the features alone.

    Every fitted linear model inside the head contributes its scores; in the copy that
    is left, each only reads its own. That the copy answers as the head does is tried on
    random features.

    Parameters
    ----------
    head : fitted classifier or regressor
        Linear, or around linear ones: calibrated, a classifier a label, a regressor a
        target. It is not changed.

    Raises
    ------
    FusingError
        If the head is not linear.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = load_iris(return_X_y=True)
    >>> head = LogisticRegression(max_iter=1000).fit(X, y)
    >>> part = split_linear(head)
    >>> part.weights.shape, part.rest.predict(X @ part.weights.T + part.bias)[:2]
    ((3, 4), array([0, 0]))
    """
    steps = head.steps if isinstance(head, Pipeline) else [("head", head)]
    part = _split(steps[-1][1])
    weights, bias = part.weights, part.bias
    for name, step in steps[-2::-1]:
        weights, bias = fold_step(name, step, weights, bias)
    part = LinearPart(weights, bias, part.rest)
    _check(head, part)
    return part


def _split(head: Any) -> LinearPart:
    leaves = _find_leaves(head)
    folded = [_fold(leaf) for leaf in leaves]
    if len({weights.shape[1] for weights, _ in folded}) != 1:  # one reads another
        raise _not_linear(head)
    ends = np.cumsum([len(bias) for _, bias in folded])
    places = {
        id(leaf): (end - len(bias), end, ends[-1])
        for leaf, (_, bias), end in zip(leaves, folded, ends, strict=True)
    }

    def read_scores(part: Any) -> Any:
        return _reading(part, *places[id(part)]) if id(part) in places else part

    rest = rebuild(head, before=read_scores)
    weights = np.concatenate([weights for weights, _ in folded])
    return LinearPart(weights, np.concatenate([bias for _, bias in folded]), rest)


def _find_leaves(head: Any) -> list[Any]:
    """Find the outermost things that are linear: models, or pipelines up to one."""
    found: list[Any] = []
    inside: set[int] = set()
    for part in iterate_parts(head):
        if id(part) in inside or not _is_linear(part):
            continue
        found.append(part)
        inside |= {id(inner) for inner in iterate_parts(part) if _is_linear(inner)}
    return found


def _is_linear(part: Any) -> bool:
    model = part.steps[-1][1] if isinstance(part, Pipeline) else part
    is_linear = isinstance(model, LinearClassifierMixin | LinearModel)
    return is_linear and hasattr(model, "coef_")


def _fold(leaf: Any) -> tuple[Array, Array]:
    steps = leaf.steps if isinstance(leaf, Pipeline) else [("head", leaf)]
    weights, bias = _coefficients(steps[-1][1])
    for name, step in steps[-2::-1]:
        weights, bias = fold_step(name, step, weights, bias)
    return weights, bias


def _coefficients(model: Any) -> tuple[Array, Array]:
    coef = model.coef_.toarray() if hasattr(model.coef_, "toarray") else model.coef_
    weights = np.atleast_2d(np.asarray(coef, dtype=np.float64))
    bias = np.asarray(model.intercept_, dtype=np.float64)
    return weights, np.broadcast_to(bias.ravel(), len(weights)).copy()


def _reading(leaf: Any, start: int, end: int, n_scores: int) -> Any:
    """Copy a linear part so that it takes all the scores, and answers by its own."""
    model = copy(leaf.steps[-1][1] if isinstance(leaf, Pipeline) else leaf)
    own = np.eye(n_scores)[start:end]
    model.coef_ = own[0] if np.ndim(model.coef_) == 1 else own
    model.intercept_ = np.zeros_like(model.intercept_, dtype=np.float64)
    model.n_features_in_ = n_scores
    return model


def _check(head: Any, part: LinearPart) -> None:
    """Compare the two on random features: what is left may read nothing but scores."""
    features = np.random.default_rng(0).normal(size=(_N_PROBES, part.weights.shape[1]))
    scores = features @ part.weights.T + part.bias
    for method in ("decision_function", "predict_proba", "predict"):
        if not hasattr(head, method):
            continue
        try:
            found = getattr(part.rest, method)(scores)
        except ValueError as exc:  # something else inside expects the features
            raise _not_linear(head) from exc
        expected = getattr(head, method)(features)
        if not _agree(found, expected):
            raise _not_linear(head)


def _agree(found: Any, expected: Any) -> bool:
    found, expected = np.asarray(found), np.asarray(expected)
    if expected.dtype.kind != "f":
        return bool((found == expected).all())
    largest = float(np.abs(expected).max(initial=1.0))
    return bool(np.allclose(found, expected, rtol=0, atol=1e-6 * largest))


def _not_linear(head: Any) -> FusingError:
    last = head.steps[-1][1] if isinstance(head, Pipeline) else head
    return FusingError(
        f"Got the head {type(last).__name__}, whose answers are not those of linear "
        "models of the features alone; expected a linear SVM, logistic regression, "
        "ridge or the like, calibrated or not. Use the pipeline as it is."
    )
