"""Linear layers of several networks, computed in one go."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class GroupedLinear(nn.Module):
    """One linear layer for each of several networks.

    On small tables most of the time of a step goes into calls, not into products:
    networks side by side cost little more than one.

    Parameters
    ----------
    n_networks, n_in, n_out : int

    Examples
    --------
    >>> GroupedLinear(2, 3, 4)(torch.zeros(2, 5, 3)).shape
    torch.Size([2, 5, 4])
    """

    def __init__(self, n_networks: int, n_in: int, n_out: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(n_in)
        shape = (n_networks, n_in, n_out)
        self.weight = nn.Parameter(torch.empty(shape).uniform_(-bound, bound))
        # Of one axis, since parameters of one axis do not decay.
        self.bias = nn.Parameter(
            torch.empty(n_networks * n_out).uniform_(-bound, bound)
        )

    def forward(self, rows: Tensor) -> Tensor:
        """Map (n_networks, n, n_in) to (n_networks, n, n_out)."""
        n_networks, _, n_out = self.weight.shape
        bias = self.bias.view(n_networks, 1, n_out)
        return torch.baddbmm(bias, rows, self.weight)
