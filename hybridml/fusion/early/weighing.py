"""How much each block counts, told by leave-one-out errors of a kernel ridge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import issparse

from hybridml.fusion.learning.folds import deal_folds
from hybridml.fusion.learning.targets import Targets

Floats = npt.NDArray[np.float64]

_MOST_ROWS = 1000
_STEP = 2.0
_ROUNDS = 2
_STRENGTHS = (0.001, 0.01, 0.1, 1.0)


def choose_weights(
    features: Sequence[Any], targets: Targets, *, random_state: int = 0
) -> Floats:
    """Choose by how much each block is multiplied before they are joined.

    Each weight in turn is doubled or halved, twice over, where that lowers the leave-
    one-out error of a ridge regression on the targets by more than a standard error of
    the difference: blocks that say as much as others keep equal weights. The error is
    had in closed form, from one eigen-decomposition a setting, on 1,000 rows at most.

    Parameters
    ----------
    features : sequence of ndarray or CSR array of shape (n_rows, n_features)
        Scaled blocks.
    targets : Targets
    random_state : int
        Which rows are taken where there are more.

    Returns
    -------
    weights : ndarray of shape (n_blocks,), float64
        Their squares have a mean of 1.

    References
    ----------
    R. Rifkin and R. Lippert, "Notes on regularized least squares", MIT-CSAIL-TR-2007-
    025, section 3 (leave-one-out errors); B. Efron et al. and others, the one-standard-
    error rule, in Hastie et al., The Elements of Statistical Learning, section 7.10.
    """
    if len(features) == 1:
        return np.ones(1)
    rows = _some_rows(targets, random_state)
    wanted = _centred(targets.take(rows))
    kernels = [_kernel(block[rows]) for block in features]
    log_weights = np.zeros(len(kernels))
    errors = _loo_errors(kernels, log_weights, wanted)
    for _ in range(_ROUNDS):
        for number in range(len(kernels)):
            for step in (np.log(_STEP), -np.log(_STEP)):
                tried = log_weights.copy()
                tried[number] += step
                found = _loo_errors(kernels, tried, wanted)
                if _is_clearly_less(found, errors):
                    log_weights, errors = tried, found
                    break
    return normalise_weights(np.exp(log_weights))


def normalise_weights(weights: npt.ArrayLike) -> Floats:
    """Scale weights so that their squares have a mean of 1."""
    given = np.asarray(weights, dtype=np.float64)
    return np.asarray(given / np.sqrt(np.square(given).mean()))


def _is_clearly_less(found: Floats, errors: Floats) -> bool:
    gain = errors - found
    return bool(gain.mean() > gain.std(ddof=1) / np.sqrt(len(gain)))


def _loo_errors(
    kernels: Sequence[Floats], log_weights: Floats, wanted: Floats
) -> Floats:
    """Squared errors of each row, left out, at the best strength of all."""
    weights = normalise_weights(np.exp(log_weights))
    kernel = sum(w * w * k for w, k in zip(weights, kernels, strict=True))
    values, vectors = np.linalg.eigh(kernel)
    squares, turned = np.square(vectors), vectors.T @ wanted
    best: Floats | None = None
    for strength in _STRENGTHS:
        shrunk = 1 / (np.maximum(values, 0) + strength * len(weights))
        coefficients = vectors @ (shrunk[:, None] * turned)
        residuals = coefficients / (squares @ shrunk)[:, None]
        errors = np.square(residuals).mean(axis=1)
        if best is None or errors.mean() < best.mean():
            best = errors
    assert best is not None
    return best


def _kernel(block: Any) -> Floats:
    product = block @ block.T
    kernel = np.asarray(product.toarray() if issparse(product) else product)
    means = kernel.mean(axis=0)
    return np.asarray(kernel - means[:, None] - means[None, :] + kernel.mean())


def _centred(targets: Targets) -> Floats:
    values = targets.values
    if targets.task == "classification":
        values = np.eye(targets.n_outputs)[values]
    values = np.asarray(values, dtype=np.float64)
    spread = values.std(axis=0) if targets.task == "regression" else 1.0
    return np.asarray((values - values.mean(axis=0)) / np.where(spread > 0, spread, 1))


def _some_rows(targets: Targets, random_state: int) -> npt.NDArray[np.intp]:
    n_rows = len(targets.values)
    if n_rows <= _MOST_ROWS:
        return np.arange(n_rows)
    n_parts = int(np.ceil(n_rows / _MOST_ROWS))
    return deal_folds(targets.strata, n_parts, random_state)[0][1]
