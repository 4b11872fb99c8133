"""How much each block counts: more, or less, where that clearly serves the head."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from hybridml.fusion.learning.scores import row_losses, scores_from
from hybridml.fusion.learning.targets import Targets
from hybridml.fusion.learning.tuning import Tuned

Floats = npt.NDArray[np.float64]

_FACTOR = 2.0
_MOST_STEPS = 3


def choose_weights(
    try_weights: Callable[[Floats], Tuned],
    n_blocks: int,
    equal: Tuned,
    targets: Targets,
) -> tuple[Floats, Tuned]:
    """Choose by how much each block is multiplied before they are joined.

    Beginning with equal weights, each in turn is doubled, or else halved, up to three
    times, as long as that lowers the cross-validated loss by more than a standard error
    of the difference: blocks that serve as well as others keep equal weights.

    Parameters
    ----------
    try_weights : callable
        Takes weights, and returns what is said of all rows out of fold.
    n_blocks : int
    equal : Tuned
        What is said with equal weights.
    targets : Targets

    Returns
    -------
    weights : ndarray of shape (n_blocks,), float64
        Their squares have a mean of 1.
    tuned : Tuned
        What is said with them.

    References
    ----------
    T. Hastie, R. Tibshirani and J. Friedman, The Elements of Statistical Learning,
    2009, section 7.10 (the one-standard-error rule).
    """
    weights, best = np.ones(n_blocks), equal
    for number in range(n_blocks if n_blocks > 1 else 0):
        for factor in (_FACTOR, 1 / _FACTOR):
            start = weights
            for _ in range(_MOST_STEPS):
                tried = weights.copy()
                tried[number] *= factor
                found = try_weights(normalise_weights(tried))
                if not _is_clearly_better(found, best, targets):
                    break
                weights, best = tried, found
            if weights is not start:
                break
    return normalise_weights(weights), best


def normalise_weights(weights: npt.ArrayLike) -> Floats:
    """Scale weights so that their squares have a mean of 1."""
    given = np.asarray(weights, dtype=np.float64)
    return np.asarray(given / np.sqrt(np.square(given).mean()))


def _is_clearly_better(found: Tuned, best: Tuned, targets: Targets) -> bool:
    losses = [
        row_losses(scores_from(t.outputs, targets), targets) for t in (best, found)
    ]
    gain = losses[0] - losses[1]
    return bool(gain.mean() > gain.std(ddof=1) / np.sqrt(len(gain)))
