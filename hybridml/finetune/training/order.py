"""In what order images are learned from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch

from hybridml.finetune.parallel.group import ALONE, Group


def count_batches(n_positions: int, batch_size: int, group: Group = ALONE) -> int:
    """Count what `shuffled_batches` gives."""
    return len(_starts(n_positions, batch_size, group.size))


def shuffled_batches(
    positions: npt.NDArray[np.intp],
    batch_size: int,
    generator: torch.Generator,
    group: Group = ALONE,
) -> Iterator[npt.NDArray[np.intp]]:
    """Share positions out to batches at random, each position to one.

    Each batch has as many images of each process of the group, or one more. Where no
    two of each would be left over, they go into the last batch: a batch norm cannot
    learn from one image.
    """
    order = positions[torch.randperm(len(positions), generator=generator).numpy()]
    starts = _starts(len(order), batch_size, group.size)
    yield from np.split(group.dealt(order), starts[1:])


def _starts(n_positions: int, batch_size: int, n_processes: int) -> list[int]:
    starts = list(range(0, n_positions, batch_size))
    n_last = n_positions - starts[-1] if starts else 0
    if batch_size > 1 and len(starts) > 1 and n_last < 2 * n_processes:
        starts.pop()
    return starts
