"""The best state of a training run so far, and when to stop waiting for a better."""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor, nn


class BestState:
    """What training changes in a model, as it was after the best epoch.

    Parameters
    ----------
    model : nn.Module
        At the start; parameters that need a gradient, and all buffers, are kept.
    is_judged : bool
        Whether a part is held out; if not, the last state is the best.
    patience : int or None
        Epochs without a better one until patience is over; None for never.
    """

    def __init__(
        self, model: nn.Module, *, is_judged: bool, patience: int | None
    ) -> None:
        learned = [n for n, p in model.named_parameters() if p.requires_grad]
        self._names = {*learned, *(name for name, _ in model.named_buffers())}
        self._is_judged = is_judged
        self._patience = patience if is_judged else None
        self._loss = math.inf
        self._last = 0
        self._state: dict[str, Tensor] = {}
        self.epoch = 0

    @property
    def is_patience_over(self) -> bool:
        """Whether too many epochs have gone by since the best one."""
        patience = self._patience
        return patience is not None and self._last - self.epoch >= patience

    def consider(self, model: nn.Module, epoch: int, loss: float) -> None:
        """Keep the state if its held-out loss is less, or nothing is held out."""
        self._last = epoch
        loss = math.inf if math.isnan(loss) else loss  # else none would be less
        if not (self._state and self._is_judged) or loss < self._loss:
            self.epoch, self._loss = epoch, loss
            state = model.state_dict()
            self._state = {n: state[n].clone() for n in state if n in self._names}

    def restore(self, model: nn.Module) -> None:
        """Put the best state back."""
        model.load_state_dict(self._state, strict=False)

    def state_dict(self) -> dict[str, Any]:
        """Give all that is needed to go on in another process."""
        return {
            "epoch": self.epoch,
            "last": self._last,
            "loss": self._loss,
            "state": self._state,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where another process ended."""
        self.epoch, self._last, self._loss = (
            state[k] for k in ("epoch", "last", "loss")
        )
        self._state = state["state"]
