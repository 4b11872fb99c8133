"""What an encoder makes of a modality: rows of numbers, some of them missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array


@dataclass(frozen=True, eq=False)
class Block:
    """The features of one modality.

    Attributes
    ----------
    values : ndarray or CSR array of shape (n_rows, n_features), float32 or float64
        Zero where the modality is missing.
    is_present : ndarray of shape (n_rows,), bool
    """

    values: npt.NDArray[Any] | csr_array
    is_present: npt.NDArray[np.bool_]

    def take(self, rows: npt.NDArray[np.intp]) -> Block:
        """Take rows by position."""
        return Block(self.values[rows], self.is_present[rows])

    def hidden(self) -> Block:
        """Return the same block, missing in every row."""
        return Block(self.values * 0, np.zeros_like(self.is_present))
