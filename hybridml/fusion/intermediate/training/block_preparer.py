"""A block of features becomes the dense, standardised input of a branch."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import issparse

from hybridml.fusion.learning.block_scaler import BlockScaler
from hybridml.fusion.modalities.block import Block
from hybridml.heads.floored_scaler import FlooredScaler


class BlockPreparer:
    """Standardises a block, and reduces it where it is wide.

    Each feature of a dense block is standardised, those that hardly vary with care. A
    wide block is turned to its principal components, a sparse one to its singular
    vectors, in their own proportions. At last the block as a whole has mean 0 and
    variance 1. Only rows that have the modality are learned from.

    Parameters
    ----------
    n_components : int
        That are kept of a wider block.
    random_state : int

    Attributes
    ----------
    width_ : int
        Features of the prepared block.
    """

    def __init__(self, n_components: int, random_state: int) -> None:
        self._n_components = n_components
        self._random_state = random_state

    def fit(self, block: Block) -> Self:
        """Learn from the rows that have the modality."""
        values = block.values[block.is_present]
        self._scaler = None if issparse(values) else FlooredScaler().fit(values)
        is_wide = values.shape[1] > self._n_components
        self._reducer = BlockScaler(
            self._n_components if is_wide else None, random_state=self._random_state
        ).fit(self._standardised(block))
        self.width_ = self.transform(block.take(np.arange(1))).shape[1]
        return self

    def transform(self, block: Block) -> npt.NDArray[np.float64]:
        """Prepare a block, zero in rows that miss the modality."""
        found = self._reducer.transform(self._standardised(block))
        dense = np.asarray(found.toarray() if issparse(found) else found)
        # The reducer gives rows a mean square length of 1; a layer takes features.
        dense = dense * np.sqrt(dense.shape[1])
        dense[~block.is_present] = 0.0
        return np.asarray(dense)

    def transform_features(
        self, values: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Prepare features of rows that have the modality."""
        return self.transform(Block(values, np.ones(len(values), dtype=bool)))

    def _standardised(self, block: Block) -> Block:
        if self._scaler is None:
            return block
        values = self._scaler.transform(block.values)
        return Block(values, block.is_present)
