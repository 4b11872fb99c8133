"""Where the outputs of a frozen part are kept: one file, mapped into memory."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

_SPARE_BYTES = 2**30  # that a disk is left with


class KeptMaps:
    """Rows of one shape on disk, as long as this object lives.

    The file has no name where the system allows that, so that a killed process leaves
    nothing behind. What fits is served from memory, by the system.

    Parameters
    ----------
    folder : Path
        Which disk.
    n_rows : int
    row : Tensor
        One row, without the row axis, for its shape, dtype and layout.

    Raises
    ------
    OSError
        If the disk has no room after all.
    """

    def __init__(self, folder: Path, n_rows: int, row: Tensor) -> None:
        # Channels last within a row, as convolutions read it.
        self._order = (1, 2, 0) if row.ndim == 3 else tuple(range(row.ndim))
        shape = tuple(row.shape[axis] for axis in self._order)
        n_numbers = n_rows * math.prod(shape)
        with tempfile.NamedTemporaryFile(dir=folder, prefix="hybridml-") as file:
            n_bytes = n_numbers * row.element_size()
            file.truncate(n_bytes)
            if hasattr(os, "posix_fallocate"):
                # A disk that fills up later on would kill the process at a write.
                os.posix_fallocate(file.fileno(), 0, n_bytes)
            flat = torch.from_file(
                file.name, shared=True, size=n_numbers, dtype=row.dtype
            )
        self._rows = flat.view(n_rows, *shape)

    def write(self, places: npt.NDArray[np.intp], maps: Tensor) -> None:
        """Keep rows of shape (n, ...) at some places."""
        order = (0, *(axis + 1 for axis in self._order))
        self._rows[torch.from_numpy(places)] = maps.permute(order).cpu()

    def read(self, places: npt.NDArray[np.intp]) -> Tensor:
        """Copy the rows at some places, of shape (n, ...)."""
        rows = self._rows[torch.from_numpy(places)]
        back = (0, *(self._order.index(axis) + 1 for axis in range(len(self._order))))
        return rows.permute(back)


def lack_of_room(folder: Path, n_rows: int, row: Tensor) -> str | None:
    """Say what is missing where a disk has no room for some rows; None if it has."""
    needed = n_rows * row.numel() * row.element_size()
    free = shutil.disk_usage(folder).free - _SPARE_BYTES
    if needed <= free:
        return None
    return f"they need {needed / 2**30:.1f} GiB and {max(0, free) / 2**30:.1f} are free"
