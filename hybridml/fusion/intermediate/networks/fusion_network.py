"""Branches, their fusion and what comes after it: up to the head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hybridml.fusion.intermediate.networks.attention import AttentionFusion
from hybridml.fusion.intermediate.networks.branch import make_branch
from hybridml.fusion.intermediate.networks.concatenation import Concatenation
from hybridml.fusion.intermediate.networks.gating import Gating
from hybridml.fusion.intermediate.networks.grouped_linear import GroupedLinear
from hybridml.fusion.intermediate.networks.grouped_norm import GroupedNorm
from hybridml.fusion.intermediate.networks.low_rank import LowRankFusion

METHODS = ("concat", "gated", "low_rank", "attention")


@dataclass(frozen=True)
class Architecture:
    """How the networks are built; see `IntermediateFusionClassifier`."""

    method: str
    n_networks: int
    width: int
    rank: int
    n_heads: int
    dropout: float
    input_dropout: float


class FusionNetwork(nn.Module):
    """Several networks of the same build, each with weights of its own.

    Parameters
    ----------
    architecture : Architecture
    widths : sequence of int
        Number of features of each modality.
    stems : sequence of nn.Module
        What makes these features of a block, (n, n_in) to (n, n_features).
    """

    def __init__(
        self,
        architecture: Architecture,
        widths: Sequence[int],
        stems: Sequence[nn.Module],
    ) -> None:
        super().__init__()
        self.stems = nn.ModuleList(stems)
        a = architecture
        self._shape = (a.n_networks, len(widths))
        self.branches = nn.ModuleList(
            make_branch(
                a.n_networks,
                n_in,
                a.width,
                dropout=a.dropout,
                input_dropout=a.input_dropout,
            )
            for n_in in widths
        )
        self.fusion = _make_fusion(a, len(widths))
        n_projected: int = self.fusion.n_projected  # type: ignore[assignment]
        n_branches = a.n_networks * len(widths)
        self.projection = GroupedLinear(n_branches, a.width, n_projected)
        self.trunk = nn.Sequential(
            GroupedNorm(a.n_networks, a.width), nn.GELU(), nn.Dropout(a.dropout)
        )

    def project(self, blocks: Sequence[Tensor]) -> Tensor:
        """Send blocks of shape (n, n_in) through their stems and branches.

        And through a linear layer for each modality, which is as far as they do not
        depend on one another.

        Returns
        -------
        projected : Tensor of shape (n_networks, n_modalities, n, n_projected)
        """
        pairs = zip(self.stems, blocks, strict=True)
        many = [stem(block).expand(self._shape[0], -1, -1) for stem, block in pairs]
        branches = zip(self.branches, many, strict=True)
        hidden = torch.stack([branch(block) for branch, block in branches], dim=1)
        projected: Tensor = self.projection(hidden.flatten(0, 1))
        shaped: Tensor = projected.unflatten(0, self._shape)
        return shaped

    def fuse(self, projected: Tensor, visible: Tensor) -> Tensor:
        """Fuse what is visible to each network, (n_networks, n, n_modalities).

        Returns
        -------
        fused : Tensor of shape (n_networks, n, width)
        """
        shown = visible.transpose(1, 2)[..., None]
        fused: Tensor = self.trunk(self.fusion(projected, shown))
        return fused


def _make_fusion(a: Architecture, n_modalities: int) -> nn.Module:
    if a.method == "concat":
        return Concatenation(a.n_networks, n_modalities, a.width)
    if a.method == "gated":
        return Gating(n_modalities, a.width)
    if a.method == "low_rank":
        return LowRankFusion(a.n_networks, a.width, a.rank)
    return AttentionFusion(a.n_networks, a.width, a.n_heads, a.dropout)
