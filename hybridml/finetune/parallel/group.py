"""Who trains a network: one process, or several that add up what each found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
from torch import Tensor

Positions = npt.NDArray[np.intp]
Made = TypeVar("Made")


class Group(Protocol):
    """The processes that train a network together, as one of them sees them.

    Each has images of its own, and the same labels, batches and weights as the others:
    what they have to exchange is what they computed of their images.

    Attributes
    ----------
    rank : int
        Number of this process, from 0.
    size : int
        How many there are.
    """

    @property
    def rank(self) -> int: ...  # noqa: D102
    @property
    def size(self) -> int: ...  # noqa: D102

    def own(self, positions: Positions) -> Positions:
        """Positions among these whose images this process has, in the same order."""

    def dealt(self, order: Positions) -> Positions:
        """Change an order so that each stretch of it has as many images of each."""

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors, float32 and of one device, by their sums over the group."""

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors, float32 and of one device, by their means over the group."""

    def gather(self, rows: Tensor, positions: Positions) -> Tensor:
        """Complete the rows of `own(positions)` to those of all the positions."""

    def from_first(self, make: Callable[[], Made]) -> Made:
        """Return what `make` returns in the first process; it is called there alone."""

    def together(self, make: Callable[[], Made]) -> Made:
        """Return what `make` returns here, once all have called theirs.

        Raises
        ------
        ImageDecodeError
            With the failures of all, if there are some in any process.
        """

    def go_on(self) -> None:
        """Raise KeyboardInterrupt, in all of them, if the training is to end now."""


class Alone:
    """One process, which has all the images."""

    rank = 0
    size = 1

    def own(self, positions: Positions) -> Positions:
        """Give all of them."""
        return positions

    def dealt(self, order: Positions) -> Positions:
        """Leave them as they are."""
        return order

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Leave them: they are the sums."""

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Leave them: they are the means."""

    def gather(self, rows: Tensor, positions: Positions) -> Tensor:
        """Give all rows."""
        return rows

    def from_first(self, make: Callable[[], Any]) -> Any:
        """Call it."""
        return make()

    def together(self, make: Callable[[], Any]) -> Any:
        """Call it."""
        return make()

    def go_on(self) -> None:
        """Go on: ctrl-C interrupts this process by itself."""


ALONE = Alone()
