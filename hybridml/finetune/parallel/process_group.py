"""Processes that train together by way of torch.distributed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.distributed as dist
from torch import Tensor

from hybridml.exceptions import HybridMLError, ImageDecodeError
from hybridml.finetune.parallel.shards import deal_order

Positions = npt.NDArray[np.intp]


class PeerLostError(HybridMLError):
    """Another process of the group cannot be reached any more: it may have died."""


class ProcessGroup:
    """The default process group of torch.distributed, as one process sees it.

    See `hybridml.finetune.parallel.group.Group` for what each method does. All
    processes have to call the same methods in the same order.

    Parameters
    ----------
    owners : ndarray of shape (n_images,), int
        Rank of the process that has each image.
    is_to_stop : callable
        Asked in the first process, after each step.
    """

    def __init__(self, owners: Positions, is_to_stop: Callable[[], bool]) -> None:
        self._owners = owners
        self._is_to_stop = is_to_stop
        self.rank = dist.get_rank()
        self.size = dist.get_world_size()

    def own(self, positions: Positions) -> Positions:
        """Select by owner."""
        is_own: npt.NDArray[np.bool_] = self._owners[positions] == self.rank
        return positions[is_own]

    def dealt(self, order: Positions) -> Positions:
        """See `deal_order`."""
        return deal_order(order, self._owners)

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Exchange them as one long tensor."""
        if not tensors:
            return
        whole = torch.cat([tensor.detach().reshape(-1) for tensor in tensors])
        with _peers():
            dist.all_reduce(whole)
        parts = whole.split([tensor.numel() for tensor in tensors])
        with torch.no_grad():
            for tensor, part in zip(tensors, parts, strict=True):
                tensor.copy_(part.view(tensor.shape))

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Divide, then add up: the same sum in every process."""
        for tensor in tensors:
            tensor.div_(self.size)
        self.add_up(tensors)

    def gather(self, rows: Tensor, positions: Positions) -> Tensor:
        """Add up rows, those of others taken as zeros."""
        whole = rows.new_zeros(len(positions), *rows.shape[1:])
        whole[torch.from_numpy(self._owners[positions] == self.rank)] = rows
        self.add_up([whole])
        return whole

    def from_first(self, make: Callable[[], Any]) -> Any:
        """Send what rank 0 makes to the others."""
        made = [make() if self.rank == 0 else None]
        with _peers():
            dist.broadcast_object_list(made, src=0)
        return made[0]

    def together(self, make: Callable[[], Any]) -> Any:
        """Exchange the failures."""
        made, failures = None, {}
        try:
            made = make()
        except ImageDecodeError as exc:
            failures = exc.failures
        found: list[Any] = [None] * self.size
        with _peers():
            dist.all_gather_object(found, failures)
        merged = {i: reason for part in found for i, reason in part.items()}
        if merged:
            message = f"Cannot decode {len(merged)} images."
            raise ImageDecodeError(message, merged)
        return made

    def go_on(self) -> None:
        """Let rank 0 decide."""
        stop = torch.tensor(float(self.rank == 0 and self._is_to_stop()))
        self.add_up([stop])
        if stop:
            raise KeyboardInterrupt


@contextmanager
def _peers() -> Iterator[None]:
    """Tell a lost process, which the group answers for, from an error of this one."""
    try:
        yield
    except RuntimeError as exc:  # all that torch.distributed raises
        raise PeerLostError(f"Another process of the training is lost: {exc}") from exc
