"""Fusion by attention: a class token looks at the modalities."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from hybridml.fusion.intermediate.networks.grouped_linear import GroupedLinear
from hybridml.fusion.intermediate.networks.grouped_norm import GroupedNorm

_MASKED = -1e9  # not infinite: a row may miss every modality


class AttentionFusion(nn.Module):
    """A transformer block in which a learned class token attends to the modalities.

    Each modality is one token with a key and a value of its own; a missing one is
    masked. Only the class token asks, since only what it gathers is used.

    Parameters
    ----------
    n_networks, width, n_heads : int
        The width is a multiple of the heads.
    dropout : float

    Attributes
    ----------
    n_projected : int
        Features of a modality that it takes: key and value.

    References
    ----------
    H. Touvron et al., "Going deeper with Image Transformers", ICCV 2021, section 3
    (class attention).
    """

    def __init__(
        self, n_networks: int, width: int, n_heads: int, dropout: float
    ) -> None:
        super().__init__()
        self.n_projected = 2 * width
        self._n_heads = n_heads
        self.class_token = nn.Parameter(torch.randn(n_networks, 1, width))
        self.out = GroupedLinear(n_networks, width, width)
        self.mlp = nn.Sequential(
            GroupedNorm(n_networks, width),
            GroupedLinear(n_networks, width, 2 * width),
            nn.GELU(),
            GroupedLinear(n_networks, 2 * width, width),
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, projected: Tensor, visible: Tensor) -> Tensor:
        """Fuse what is visible; see `Concatenation`."""
        keys, values = projected.unflatten(-1, (2, self._n_heads, -1)).unbind(dim=3)
        query = self.class_token.view(len(keys), 1, 1, self._n_heads, -1)
        scores = (query * keys).sum(dim=-1) / math.sqrt(keys.shape[-1])
        attention = scores.masked_fill(~visible, _MASKED).softmax(dim=1)
        gathered = (attention[..., None] * values).sum(dim=1).flatten(2)
        fused = self.class_token + self.dropout(self.out(gathered))
        result: Tensor = fused + self.dropout(self.mlp(fused))
        return result
