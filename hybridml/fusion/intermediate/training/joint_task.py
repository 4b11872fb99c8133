"""The task of several networks, and of several things that they are shown, at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from hybridml.finetune.learning.tasks import Task


@dataclass(frozen=True)
class JointTask:
    """A task whose outputs come in parts, each of them judged by itself.

    Attributes
    ----------
    base : Task
    loss_weights : tuple of float
        Of the parts in the loss. Outputs of a single part are those of the base task.
    """

    base: Task
    loss_weights: tuple[float, ...]

    @property
    def n_outputs(self) -> int:
        """Length of one part."""
        return self.base.n_outputs

    @property
    def strengths(self) -> tuple[float, ...]:
        """As of the base."""
        return self.base.strengths

    @property
    def score_name(self) -> str:
        """As of the base."""
        return self.base.score_name

    def losses(
        self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0
    ) -> Tensor:
        """Weighted mean of the parts' losses, (n,)."""
        n_parts = outputs.shape[1] // self.n_outputs
        if n_parts == 1:
            return self.base.losses(outputs, targets, smoothing)
        found = self.base.losses(
            outputs.reshape(-1, self.n_outputs),
            targets.repeat_interleave(n_parts, dim=0),
            smoothing,
        )
        weights = torch.tensor(self.loss_weights, device=found.device)
        return found.view(-1, n_parts) @ (weights / weights.sum())

    def spread_out(self, targets: Tensor) -> Tensor:
        """As of the base."""
        return self.base.spread_out(targets)

    def score(self, outputs: Tensor, targets: Tensor, weights: Tensor) -> float:
        """As of the base, of outputs of a single part."""
        return self.base.score(outputs, targets, weights)

    def fit_linear(
        self, features: Any, targets: npt.NDArray, weights: Any, strength: float
    ) -> tuple[Any, Any]:
        """As of the base."""
        return self.base.fit_linear(features, targets, weights, strength)
