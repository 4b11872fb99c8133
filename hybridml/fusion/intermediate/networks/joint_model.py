"""The model that is trained: networks for whole rows, and for rows with gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from hybridml.finetune.learning.trainable import Trainable
from hybridml.fusion.intermediate.networks.fusion_network import (
    Architecture,
    FusionNetwork,
)
from hybridml.fusion.intermediate.networks.grouped_linear import GroupedLinear
from hybridml.fusion.intermediate.networks.image_stem import ImageStem
from hybridml.fusion.intermediate.networks.showing import (
    divide_at_random,
    hide_at_random,
)


class JointModel(Trainable):
    """Networks that fuse modalities, trained side by side, and the mean of them.

    Some of the networks learn from all that a row has; a second loss, with a weight,
    shows them a part of it. The others, if there are any, learn from parts alone: in
    each step from a part of each row's modalities, drawn at random, and from the rest.
    They answer for the rows that lack a modality. So what helps a row with gaps does
    not cost whole rows anything.

    Parameters
    ----------
    architecture : Architecture
        Its number of networks is that of each kind.
    widths : sequence of int
        Number of features of each modality.
    n_outputs : int
    has_own_for_gaps : bool
        Whether there are networks for rows with gaps.
    auxiliary_weight : float
        Of the loss of the first networks where they are shown a part.
    modality_dropout : float
        How often a modality is hidden from the first networks.
    stems : mapping of {int: ImageStem}
        What makes the features of some modalities, by their positions; it learns along.
    """

    head: GroupedLinear

    def __init__(
        self,
        architecture: Architecture,
        widths: Sequence[int],
        n_outputs: int,
        *,
        has_own_for_gaps: bool,
        auxiliary_weight: float,
        modality_dropout: float,
        stems: Mapping[int, ImageStem] | None = None,
    ) -> None:
        super().__init__()
        self._n_whole = architecture.n_networks
        self._has_parts = len(widths) > 1
        own = has_own_for_gaps and self._has_parts
        self._n_all = self._n_whole * (2 if own else 1)
        stems = stems or {}
        self._widths = [
            stems[i].n_in if i in stems else width for i, width in enumerate(widths)
        ]
        all_stems = [stems.get(i, nn.Identity()) for i in range(len(widths))]
        self._auxiliary_weight = auxiliary_weight
        self._modality_dropout = modality_dropout
        self.trunk: FusionNetwork = FusionNetwork(
            replace(architecture, n_networks=self._n_all), widths, all_stems
        )
        self.head = GroupedLinear(self._n_all, architecture.width, n_outputs)

    @property
    def loss_weights(self) -> tuple[float, ...]:
        """Weights of the outputs that a pass in training gives."""
        whole, n_own = self._n_whole, self._n_all - self._n_whole
        first = (1.0,) * self._n_all
        second = (self._auxiliary_weight,) * whole + (1.0,) * n_own
        return first + second if self._has_parts else first

    @property
    def pretrained(self) -> set[str]:
        """Names of the trunk's parameters that were trained before."""
        names = {name for name, _ in self.trunk.named_parameters()}
        return {name for name in names if name.startswith("stems.")}

    def take_stems(self) -> dict[int, ImageStem]:
        """Take the stems out, in the form that runs fast: features are taken in then.

        Returns
        -------
        stems : dict of {int: ImageStem}
            By the positions of their modalities.
        """
        taken: dict[int, ImageStem] = {}
        for position, stem in enumerate(self.trunk.stems):
            if isinstance(stem, ImageStem):
                taken[position] = stem.fused()
                self.trunk.stems[position] = nn.Identity()
                self._widths[position] = stem.n_out
        return taken

    def forward(self, packed: Tensor) -> Tensor:
        """Compute outputs from packed rows; see `PackedInputs`.

        Returns
        -------
        outputs : Tensor of shape (n, n_outputs)
            In training (n, n_parts * n_outputs), a part for each of `loss_weights`.
        """
        *blocks, gaps = packed.split([*self._widths, len(self._widths)], dim=1)
        present = gaps > 0.5
        projected = self.trunk.project(blocks)
        if not self.training:
            return self._answer(projected, present)
        shown = self._show(present.expand(self._n_all, -1, -1))
        parts = [self.head(self.trunk.fuse(projected, visible)) for visible in shown]
        return torch.cat(parts).transpose(0, 1).flatten(1)

    def _show(self, present: Tensor) -> list[Tensor]:
        """List what the networks are shown, pass by pass."""
        n_whole = self._n_whole
        whole = hide_at_random(present[:n_whole], self._modality_dropout)
        if not self._has_parts:
            return [whole]
        part, rest = divide_at_random(present)
        return [torch.cat([whole, part[n_whole:]]), rest]

    def _answer(self, projected: Tensor, present: Tensor) -> Tensor:
        """Let the networks that are in charge of each row answer."""
        visible = present.expand(self._n_all, -1, -1)
        said: Tensor = self.head(self.trunk.fuse(projected, visible))
        of_whole, of_gaps = said[: self._n_whole].mean(dim=0), said[self._n_whole :]
        if not len(of_gaps):
            return of_whole
        is_whole = present.all(dim=1, keepdim=True)
        answer: Tensor = torch.where(is_whole, of_whole, of_gaps.mean(dim=0))
        return answer
