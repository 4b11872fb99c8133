"""The branch of a modality: its features become a vector that can be fused."""

from __future__ import annotations

from torch import nn

from hybridml.fusion.intermediate.networks.grouped_linear import GroupedLinear
from hybridml.fusion.intermediate.networks.grouped_norm import GroupedNorm

_WIDE = 128  # features from which on the whole rate of dropout applies


def make_branch(
    n_networks: int, n_in: int, width: int, *, dropout: float, input_dropout: float
) -> nn.Sequential:
    """Make a branch: (n_networks, n, n_in) becomes (n_networks, n, width).

    Parameters
    ----------
    n_networks, n_in, width : int
    dropout : float
        Behind the layer.
    input_dropout : float
        Before it. Of few features, each of which may tell what no other does, less is
        dropped: in proportion to their number.
    """
    of_inputs = input_dropout * min(1.0, n_in / _WIDE)
    return nn.Sequential(
        nn.Dropout(of_inputs), *layer(n_networks, n_in, width, dropout)
    )


def layer(n_networks: int, n_in: int, n_out: int, dropout: float) -> list[nn.Module]:
    """List the modules of one layer: linear, norm, GELU, dropout."""
    return [
        GroupedLinear(n_networks, n_in, n_out),
        GroupedNorm(n_networks, n_out),
        nn.GELU(),
        nn.Dropout(dropout),
    ]
