"""What a linear model loses on its scores, and how the loss bends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit, softmax

Table = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Loss:
    """A convex loss of scores, averaged over the rows and summed over the outputs.

    Attributes
    ----------
    bend : callable
        How far the loss at some scores lies above the tangent at others:
        ``bend(scores, others, targets)``, without the rounding error of a difference
        of two losses.
    slope : callable
        Derivative by the scores, of their shape: ``slope(scores, targets)``.
    null : callable
        The scores, of shape (n_outputs,), that lose least where all rows have the same.
    curvature : float
        A second derivative that is seldom exceeded; a first guess for step lengths.
    """

    bend: Callable[[Table, Table, Table], float]
    slope: Callable[[Table, Table], Table]
    null: Callable[[Table], Table]
    curvature: float


def _multinomial_slope(scores: Table, targets: Table) -> Table:
    return np.asarray((softmax(scores, axis=1) - targets) / len(targets))


def _multinomial_bend(scores: Table, others: Table, targets: Table) -> float:
    # The logarithm of the mean of exp(change), under the others' probabilities.
    change = scores - others
    chances = softmax(others, axis=1)
    mean = (chances * change).sum(axis=1, keepdims=True)
    spread = change - mean
    with np.errstate(over="ignore"):  # infinite: the step was far too long
        excess = (chances * np.expm1(spread)).sum(axis=1)
    return float(np.log1p(excess).mean())


def _binary_slope(scores: Table, targets: Table) -> Table:
    return np.asarray((expit(scores) - targets) / len(targets))


def _binary_bend(scores: Table, others: Table, targets: Table) -> float:
    change = scores - others
    chances = expit(others)
    with np.errstate(over="ignore"):
        excess = chances * np.expm1((1 - chances) * change)
        excess += (1 - chances) * np.expm1(-chances * change)
    return float(np.log1p(excess).sum(axis=1).mean())


def _squared_slope(scores: Table, targets: Table) -> Table:
    return (scores - targets) / len(targets)


def _squared_bend(scores: Table, others: Table, targets: Table) -> float:
    return float(((scores - others) ** 2).sum() / 2 / len(targets))


def _log_shares(targets: Table) -> Table:
    return np.asarray(np.log(_shares(targets)))


def _logits_of_shares(targets: Table) -> Table:
    return np.asarray(logit(_shares(targets)))


def _shares(targets: Table) -> Table:
    """Share of each output, none of them quite 0 or 1."""
    margin = 0.5 / len(targets)
    return np.asarray(targets.mean(axis=0).clip(margin, 1 - margin))


def _means(targets: Table) -> Table:
    return np.asarray(targets.mean(axis=0))


LOSSES: Mapping[str, Loss] = {
    "multinomial": Loss(_multinomial_bend, _multinomial_slope, _log_shares, 0.25),
    "binary": Loss(_binary_bend, _binary_slope, _logits_of_shares, 0.25),
    "squared": Loss(_squared_bend, _squared_slope, _means, 1.0),
}
