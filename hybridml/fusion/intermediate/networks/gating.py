"""Fusion by gates: what each modality says counts where it can be relied on."""

from __future__ import annotations

from torch import Tensor, nn

_CLOSED = -1e9  # not infinite: a row may miss every modality


class Gating(nn.Module):
    """A gated multimodal unit, for any number of modalities.

    Each modality gives a vector; gates that see all of them weigh the vectors, unit by
    unit. The gates of a unit sum to 1 over the modalities that are visible, as the two
    of the bimodal unit do.

    Parameters
    ----------
    n_modalities, width : int

    Attributes
    ----------
    n_projected : int
        Features of a modality that it takes: its vector before the hyperbolic tangent,
        and its part in the gates of all the modalities.

    References
    ----------
    J. Arevalo et al., "Gated Multimodal Units for Information Fusion", ICLR workshop
    2017, section 3.1.
    """

    def __init__(self, n_modalities: int, width: int) -> None:
        super().__init__()
        self.n_projected = width + n_modalities * width
        self._width = width

    def forward(self, projected: Tensor, visible: Tensor) -> Tensor:
        """Fuse what is visible; see `Concatenation`."""
        n_networks, n_modalities, n_rows, _ = projected.shape
        vectors = projected[..., : self._width].tanh()
        parts = projected[..., self._width :] * visible
        gates = parts.sum(dim=1).view(n_networks, n_rows, n_modalities, self._width)
        gates = gates.transpose(1, 2).masked_fill(~visible, _CLOSED).softmax(dim=1)
        return (gates * vectors).sum(dim=1)
