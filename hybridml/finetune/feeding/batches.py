"""Where the training loop gets its batches from."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt
from torch import Tensor


class Batches(Protocol):
    """Gives what a network learns from, by position."""

    def take(self, positions: npt.NDArray[np.intp], view: int) -> Tensor:
        """Return the inputs of some rows, (n, ...), on the device of the training.

        Parameters
        ----------
        positions : ndarray of int
        view : int
            Which random variation of them, the same for the same number;
            `hybridml.finetune.feeding.inputs.PLAIN` is none.
        """
