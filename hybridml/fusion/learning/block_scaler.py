"""Blocks of unlike width and unit are brought to one scale before they are joined."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, issparse
from sklearn.decomposition import PCA, TruncatedSVD

from hybridml.fusion.modalities.block import Block


class BlockScaler:
    """Centres a block and divides it by the root mean square length of its rows.

    Every block then weighs the same in a scalar product, however many columns it has;
    within a block the columns keep their proportions. Sparse blocks are not centred, so
    that they stay sparse. Only rows that have the modality are learned from, and those
    that miss it are zero: the mean of a dense block.

    Parameters
    ----------
    n_components : int, float or None, default=None
        Principal components that are kept before; a fraction is that of the variance.
        Of a sparse block the singular vectors, and for a fraction 100 at most.
    random_state : int, default=0
    """

    def __init__(
        self, n_components: int | float | None = None, *, random_state: int = 0
    ) -> None:
        self.n_components = n_components
        self.random_state = random_state

    def fit(self, block: Block) -> Self:
        """Learn from the rows that have the modality."""
        values = block.values[block.is_present]
        self.reduction_ = None
        if self.n_components is not None:
            self.reduction_ = self._reduction(values).fit(values)
            values = self.reduction_.transform(values)
        self.mean_ = 0.0 if issparse(values) else values.mean(axis=0, dtype=np.float64)
        lengths = _square_lengths(values if issparse(values) else values - self.mean_)
        scale = float(np.sqrt(lengths.mean()))
        self.scale_ = scale if scale > 0 else 1.0  # a constant block says nothing
        return self

    def transform(self, block: Block) -> Any:
        """Scale a block; where the modality is missing its row is zero.

        Returns
        -------
        features : ndarray or CSR array of shape (n_rows, n_features), float64
        """
        values = block.values
        if self.reduction_ is not None:
            values = self.reduction_.transform(values)
        if issparse(values):
            return csr_array(values / self.scale_)
        scaled = (values - self.mean_) / self.scale_
        scaled[~block.is_present] = 0.0
        return scaled

    def _reduction(self, values: Any) -> Any:
        most = min(values.shape)
        if not issparse(values):
            n = self.n_components
            kept = n if isinstance(n, float) else min(int(n or 1), most)
            return PCA(kept, random_state=self.random_state)
        n = 100 if isinstance(self.n_components, float) else int(self.n_components or 1)
        return TruncatedSVD(
            max(1, min(n, values.shape[1] - 1)), random_state=self.random_state
        )


def _square_lengths(values: Any) -> npt.NDArray[np.float64]:
    if issparse(values):
        return np.asarray(values.multiply(values).sum(axis=1)).ravel()
    return np.asarray(np.einsum("ij,ij->i", values, values, dtype=np.float64))
