"""Fusion by products: the tensor of all interactions, in low rank."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class LowRankFusion(nn.Module):
    """Low-rank multimodal fusion: a tensor layer that is never written out.

    The outer product of the branches, a 1 appended to each, holds all interactions; a
    linear layer on it, its weights a sum of `rank` products, comes down to products of
    linear layers on each branch, which is what it is given. A missing modality counts
    as 1: it leaves the others as they are.

    Parameters
    ----------
    n_networks, width, rank : int

    Attributes
    ----------
    n_projected : int
        Features of a modality that it takes.

    References
    ----------
    Z. Liu et al., "Efficient Low-rank Multimodal Fusion with Modality-Specific
    Factors", ACL 2018, section 3.2.
    """

    def __init__(self, n_networks: int, width: int, rank: int) -> None:
        super().__init__()
        self.n_projected = rank * width
        self._rank = rank
        shares = torch.full((n_networks, 1, rank, 1), 1 / math.sqrt(rank))
        self.shares = nn.Parameter(shares)

    def forward(self, projected: Tensor, visible: Tensor) -> Tensor:
        """Fuse what is visible; see `Concatenation`."""
        factors = 1 + projected * visible
        product = torch.stack(factors.unbind(dim=1)).prod(dim=0)
        n_networks, n_rows, _ = product.shape
        summands = product.view(n_networks, n_rows, self._rank, -1) * self.shares
        return summands.sum(dim=2)
