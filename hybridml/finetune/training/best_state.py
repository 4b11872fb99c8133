"""The best state of a training run so far, and when to stop waiting for a better."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn


class BestState:
    """What training changes in a model, as it was after the best epoch.

    Parameters
    ----------
    model : nn.Module
        At the start; parameters that need a gradient, and all buffers, are kept.
    weights : Tensor of shape (n_held_out,)
        Of the images that are held out; where there are none, the last state is the
        best.
    patience : int or None
        Epochs without a better one until patience is over; None for never.
    start_counts : bool
        Whether the start is a trained state, which only a clearly better one replaces.

    References
    ----------
    L. Breiman, J. Friedman, R. Olshen, C. Stone, "Classification and Regression Trees",
    1984, section 3.4.3 (the rule of one standard error: no more complex a model than
    the data can tell apart).
    """

    def __init__(
        self,
        model: nn.Module,
        weights: Tensor,
        *,
        patience: int | None,
        start_counts: bool,
    ) -> None:
        learned = [n for n, p in model.named_parameters() if p.requires_grad]
        self._names = {*learned, *(name for name, _ in model.named_buffers())}
        self._weights = weights
        self._patience = patience if len(weights) else None
        self._start_counts = start_counts
        self._last = 0
        self._start = self._state = self._copy(model)
        self._start_losses = self._losses = torch.full_like(weights, math.inf)
        self.epoch = 0

    @property
    def is_patience_over(self) -> bool:
        """Whether too many epochs have gone by since the best one."""
        patience = self._patience
        return patience is not None and self._last - self.epoch >= patience

    def consider(self, model: nn.Module, epoch: int, losses: Tensor) -> None:
        """Keep the state if its held-out loss is less, or nothing is held out.

        Parameters
        ----------
        model : nn.Module
        epoch : int
            The first one is 0, the start.
        losses : Tensor of shape (n_held_out,)
        """
        self._last = epoch
        if epoch == 0:
            self._start_losses = self._losses = losses
        elif not len(losses) or self._mean(losses) < self._mean(self._losses):
            self.epoch, self._losses, self._state = epoch, losses, self._copy(model)

    def restore(self, model: nn.Module) -> None:
        """Put the best state back: the start, where none is clearly better."""
        if self._start_counts and not self._is_clearly_better():
            self.epoch, self._state = 0, self._start
        model.load_state_dict(self._state, strict=False)

    def _is_clearly_better(self) -> bool:
        """Whether the best loss is less by more than its standard error."""
        if not len(self._weights):
            return True
        gains = (self._start_losses - self._losses).double()
        mean = self._mean(gains)
        share = self._weights.double() / self._weights.sum()
        error = float((share * (gains - mean)).square().sum().sqrt())
        return not mean <= error

    def _mean(self, losses: Tensor) -> float:
        mean = float((losses * self._weights).sum() / self._weights.sum())
        return math.inf if math.isnan(mean) else mean

    def _copy(self, model: nn.Module) -> dict[str, Tensor]:
        state = model.state_dict()
        return {name: state[name].clone() for name in state if name in self._names}

    def state_dict(self) -> dict[str, Any]:
        """Give all that is needed to go on in another process, from the same start."""
        return {
            "epoch": self.epoch,
            "last": self._last,
            "start_losses": self._start_losses,
            "losses": self._losses,
            "state": self._state if self.epoch else None,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where another process ended."""
        self.epoch, self._last = state["epoch"], state["last"]
        self._start_losses, self._losses = state["start_losses"], state["losses"]
        self._state = self._start if state["state"] is None else state["state"]
