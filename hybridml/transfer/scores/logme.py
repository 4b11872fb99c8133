"""LogME: how probable a linear model on the features makes the targets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from hybridml.transfer.scores.checking import (
    Floats,
    check_features,
    check_task,
    target_columns,
)
from hybridml.transfer.scores.directions import find_directions

_DECADES = (-10.0, 10.0)  # noise to signal, in powers of ten of the mean eigenvalue
_N_STARTS = 81


def logme(features: Any, targets: Any, *, task: str = "auto") -> float:
    """Logarithm of the maximum evidence of Bayesian linear regression, per image.

    The targets are ``features @ w`` plus noise, both normal; the variances of weights
    and noise are those under which the targets are most probable. Classes are put as
    columns of 0 and 1, and the score is the mean over columns.

    Parameters
    ----------
    features : array-like of shape (n_images, n_features), float
        Neither centred nor scaled first, as in the paper.
    targets : array-like of shape (n_images,) or (n_images, n_targets)
        Classes, a table of several labels, or one or more numbers an image.
    task : {"auto", "classification", "multilabel", "regression"}, default="auto"
        What the targets are, as `find_task` tells it.

    Returns
    -------
    score : float
        Higher is better. Comparable between features of the same targets, however
        many there are of them, but not between tasks.

    Raises
    ------
    DataError
        If features and targets do not suit the task or each other.
    InvalidParameterError
        If there is no such task.

    Notes
    -----
    After one decomposition of the features (or of the images' inner products, if they
    are fewer) the evidence depends on one number, the ratio of the two variances. The
    papers find it by iterating from 1 until it changes little; here a search over 20
    decades finds the best, which the iteration need not, and which does not depend on
    the scale of the features. Its lower end keeps the evidence finite where features
    fit the targets exactly.

    References
    ----------
    K. You, Y. Liu, J. Wang, M. Long, "LogME: Practical Assessment of Pre-trained
    Models for Transfer Learning", ICML 2021, section 4; K. You, Y. Liu, Z. Zhang,
    J. Wang, M. I. Jordan, M. Long, "Ranking and Tuning Pre-trained Models: A New
    Paradigm for Exploiting Model Hubs", JMLR 2022, section 4 (the faster form).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat(["cat", "dog"], 20)
    >>> noise = rng.normal(size=(40, 5))
    >>> telling = noise + 3 * (labels == "cat")[:, None]
    >>> logme(telling, labels) > logme(noise, labels)
    True
    """
    values = check_features(features)
    found, checked = check_task(targets, task, len(values))
    columns = target_columns(checked, found)
    directions, power = find_directions(values)
    along = directions.T @ columns
    rest = ((columns - directions @ along) ** 2).sum(axis=0)
    evidences = [
        _maximum_evidence(power, along[:, column] ** 2, rest[column], len(values))
        for column in range(columns.shape[1])
    ]
    return float(np.mean(evidences))


def _maximum_evidence(
    power: Floats, target_power: Floats, rest: float, n_images: int
) -> float:
    """Maximise the evidence of one target over the ratio of noise to weights."""
    unit = power.mean() or 1.0
    cost = _cost(power / unit, target_power, rest, n_images)
    starts = np.linspace(*_DECADES, _N_STARTS)
    best = int(np.argmin([cost(start) for start in starts]))
    ends = starts[max(best - 1, 0)], starts[min(best + 1, _N_STARTS - 1)]
    precise = {"xatol": 1e-7}
    found = minimize_scalar(cost, bounds=ends, method="bounded", options=precise)
    return -min(float(found.fun), cost(ends[0]), cost(ends[1])) / n_images


def _cost(
    power: Floats, target_power: Floats, rest: float, n_images: int
) -> Callable[[float], float]:
    """Give minus the log evidence as a function of the ratio's decade.

    The weights' variance is the best for that ratio: the mean of the target's power
    in each direction over the model's.
    """
    n_others = n_images - len(power)

    def cost(decade: float) -> float:
        ratio = 10.0**decade
        model = power + ratio
        variance = ((target_power / model).sum() + rest / ratio) / n_images
        volume = np.log(model).sum() + n_others * np.log(ratio)
        return float((n_images * (np.log(2 * np.pi * variance) + 1) + volume) / 2)

    return cost
