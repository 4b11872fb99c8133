"""All that is known of the rows in one tensor, as the training loop takes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor


class PackedInputs:
    """Rows of prepared blocks side by side, then a 1 for each modality that is present.

    Parameters
    ----------
    blocks : sequence of ndarray of shape (n_rows, n_features)
    presence : ndarray of shape (n_rows, n_modalities), bool
    device : torch.device
    """

    def __init__(
        self,
        blocks: Sequence[npt.NDArray[Any]],
        presence: npt.NDArray[np.bool_],
        device: torch.device,
    ) -> None:
        packed = pack(blocks, presence, dtype=np.float32)
        self._rows = torch.from_numpy(packed).to(device)

    def take(self, positions: npt.NDArray[np.intp], view: int) -> Tensor:
        """Return some rows; every view of them is the same."""
        return self._rows[torch.from_numpy(positions).to(self._rows.device)]


def pack(
    blocks: Sequence[npt.NDArray[Any]],
    presence: npt.NDArray[np.bool_],
    dtype: npt.DTypeLike = np.float64,
) -> npt.NDArray[Any]:
    """Put blocks and presence side by side."""
    return np.hstack([*blocks, presence], dtype=dtype, casting="same_kind")
