"""Blocks are joined to one table of features, and a head learns from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, hstack, issparse

from hybridml.fusion.early.weighing import choose_weights, normalise_weights
from hybridml.fusion.learning.folds import deal_folds
from hybridml.fusion.learning.row_space import RowSpace
from hybridml.fusion.learning.scores import outputs_from, scores_of
from hybridml.fusion.learning.targets import Targets
from hybridml.fusion.learning.tuning import Tuned, fit_head, tune
from hybridml.fusion.patterns import Pattern

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class JoinedHead:
    """A fitted head on the joined features of some modalities.

    Attributes
    ----------
    pattern : tuple of int
        Which modalities.
    weights : ndarray of shape (n_modalities of the pattern,), float64
    head : fitted estimator
    temperature : float
        By which its scores are divided.
    """

    pattern: Pattern
    weights: Floats
    head: Any
    temperature: float

    def outputs(self, features: Sequence[Any], targets: Targets) -> Floats:
        """Compute outputs of shape (n_rows, n_outputs)."""
        joined = join([features[i] for i in self.pattern], self.weights)
        return outputs_from(
            scores_of(self.head, joined, targets), targets, self.temperature
        )


def fit_joined(
    pattern: Pattern,
    features: Sequence[Any],
    targets: Targets,
    *,
    heads: Sequence[Any],
    weights: Floats | None,
    n_folds: int,
    random_state: int,
    space: RowSpace | None = None,
) -> JoinedHead:
    """Choose weights and a head for some modalities, and fit it.

    Parameters
    ----------
    pattern : tuple of int
        Which modalities they are.
    features : sequence of ndarray or CSR array of shape (n_rows, n_features)
        Scaled blocks of these modalities.
    targets : Targets
    heads : sequence of estimators
        To choose from.
    weights : ndarray of shape (n_modalities,) or None
        Of these modalities; None to choose.
    n_folds : int
        That tell the heads apart, and calibrate the chosen one.
    random_state : int
    space : RowSpace or None, default=None
        Of these features, where heads may be tried in it.
    """
    folds = deal_folds(targets.strata, n_folds, random_state)

    def try_weights(heads: Sequence[Any], weights: Floats) -> Tuned:
        shares = _shares(weights)
        joined = join(features, weights) if space is None else space.coordinates(shares)
        return tune(
            heads, lambda train, test: (joined[train], joined[test]), targets, folds
        )

    chosen = normalise_weights(np.ones(len(pattern)) if weights is None else weights)
    tuned = try_weights(heads, chosen)
    if weights is None:
        chosen, tuned = choose_weights(
            lambda tried: try_weights([tuned.head], tried), len(pattern), tuned, targets
        )
    fitted = fit_head(tuned.head, join(features, chosen), targets)
    return JoinedHead(pattern, chosen, fitted, tuned.temperature)


def join(features: Sequence[Any], weights: Floats) -> Any:
    """Put weighted blocks side by side; rows have a mean square length of 1.

    Sparse as soon as one of them is.
    """
    pairs = zip(features, _shares(weights), strict=True)
    weighted = [block * share for block, share in pairs]
    if any(issparse(block) for block in weighted):
        return csr_array(hstack([csr_array(block) for block in weighted], format="csr"))
    return np.hstack(weighted)


def _shares(weights: Floats) -> Floats:
    """Say by what blocks are multiplied for joined rows of a mean length of 1."""
    return np.asarray(weights / np.sqrt(len(weights)))
