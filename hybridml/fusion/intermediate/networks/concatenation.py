"""Fusion by concatenation."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Concatenation(nn.Module):
    """A linear layer on the branches side by side.

    That is the sum of linear layers on each of them, which is what it is given. A
    missing modality is stood for by a vector that is learned.

    Parameters
    ----------
    n_networks, n_modalities, width : int

    Attributes
    ----------
    n_projected : int
        Features of a modality that it takes.
    """

    def __init__(self, n_networks: int, n_modalities: int, width: int) -> None:
        super().__init__()
        self.n_projected = width
        self.missing = nn.Parameter(torch.zeros(n_networks, n_modalities, 1, width))

    def forward(self, projected: Tensor, visible: Tensor) -> Tensor:
        """Fuse what is visible.

        Parameters
        ----------
        projected : Tensor of shape (n_networks, n_modalities, n, n_projected)
        visible : Tensor of shape (n_networks, n_modalities, n, 1), bool

        Returns
        -------
        fused : Tensor of shape (n_networks, n, width)
        """
        return torch.where(visible, projected, self.missing).sum(dim=1)
