"""Layer norms of several networks, computed in one go."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class GroupedNorm(nn.Module):
    """One layer norm, with a scale and a shift, for each of several networks.

    Parameters
    ----------
    n_networks, width : int
    """

    def __init__(self, n_networks: int, width: int) -> None:
        super().__init__()
        self._shape = (n_networks, 1, width)
        self.scale = nn.Parameter(torch.ones(n_networks * width))
        self.shift = nn.Parameter(torch.zeros(n_networks * width))

    def forward(self, rows: Tensor) -> Tensor:
        """Norm rows of shape (n_networks, n, width)."""
        normed = F.layer_norm(rows, self._shape[2:])
        return torch.addcmul(
            self.shift.view(self._shape), normed, self.scale.view(self._shape)
        )
