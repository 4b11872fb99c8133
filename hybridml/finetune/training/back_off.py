"""A training step in parts, when the memory does not hold the whole batch."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable

import torch
from torch import Tensor

from hybridml.backbones.memory import is_out_of_memory
from hybridml.exceptions import TrainingWarning


def accumulate(
    run_part: Callable[[slice], Tensor],
    n_rows: int,
    parts: int,
    *,
    clear: Callable[[], object],
) -> tuple[Tensor, int]:
    """Sum the gradients of a batch, in as many parts as the memory asks for.

    When the memory runs out, the step starts again from cleared gradients with twice
    the parts. What is drawn for the batch (augmentation, mixing) is to be drawn before;
    dropout draws anew for each part. Batch norms that learn see the parts one by one.

    Parameters
    ----------
    run_part : callable
        ``run_part(rows)`` returns the share of these rows in the loss, a scalar to be
        differentiated: the sum over the parts is the loss of the batch. For a weighted
        mean, that is the weighted sum over the rows by the weight of the whole batch.
    n_rows : int
    parts : int
        How many to begin with.
    clear : callable
        Sets the gradients to None; called first of all.

    Returns
    -------
    loss : Tensor
        Of the whole batch, a scalar without a graph.
    parts : int
        How many it took: what to begin the next step with.

    Warns
    -----
    TrainingWarning
        If it took more parts than before.

    Raises
    ------
    RuntimeError or MemoryError
        If the memory does not even hold a single row.

    Examples
    --------
    >>> weight = torch.ones(1, requires_grad=True)
    >>> rows = torch.arange(4.0)
    >>> def run_part(part):
    ...     return (weight * rows[part]).sum() / len(rows)
    >>> loss, parts = accumulate(run_part, 4, 2, clear=lambda: None)
    >>> loss, weight.grad
    (tensor(1.5000), tensor([1.5000]))
    """
    needed = parts
    while (loss := _try_parts(run_part, n_rows, needed, clear)) is None:
        needed *= 2
        if torch.cuda.is_initialized():
            torch.cuda.empty_cache()  # what is left lies in pieces of the old sizes
    if needed > parts:
        message = (
            f"The memory does not hold a training step of {n_rows} images at once: it "
            f"is now done in {min(needed, n_rows)} parts, whose gradients are summed. "
            "A smaller batch_size or image_size takes less memory."
        )
        warnings.warn(message, TrainingWarning, stacklevel=2)
    return loss, needed


def _try_parts(
    run_part: Callable[[slice], Tensor],
    n_rows: int,
    parts: int,
    clear: Callable[[], object],
) -> Tensor | None:
    """Run all the parts; None if the memory ran out, and more parts may help."""
    clear()
    losses = []
    try:
        for rows in _slices(n_rows, parts):
            share = run_part(rows)
            torch.autograd.backward(share)
            losses.append(share.detach())
            del share  # its graph is gone before the next part builds its own
    except (MemoryError, RuntimeError) as exc:
        if not is_out_of_memory(exc) or parts >= n_rows:
            raise
        return None  # only outside is the error forgotten, and all that it held
    return torch.stack(losses).sum()


def _slices(n_rows: int, parts: int) -> list[slice]:
    """Share rows out to parts that differ by one at most, none of them empty.

    Examples
    --------
    >>> [(part.start, part.stop) for part in _slices(5, 2)]
    [(0, 2), (2, 5)]
    """
    parts = min(parts, n_rows)
    edges = [n_rows * i // parts for i in range(parts + 1)]
    return [slice(*pair) for pair in itertools.pairwise(edges)]
