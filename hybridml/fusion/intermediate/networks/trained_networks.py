"""Trained networks that answer for rows of prepared blocks."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from hybridml.fusion.intermediate.networks.joint_model import JointModel
from hybridml.fusion.intermediate.training.packed_inputs import pack

Floats = npt.NDArray[np.float64]

_ROWS = 1024


class TrainedNetworks:
    """A trained model on the CPU, and the scale of the numbers that it gives.

    Parameters
    ----------
    model : JointModel
        It is not trained further.
    mean, scale : ndarray of shape (n_outputs,)
        What its outputs are brought back with: numbers are learned standardised.
    """

    def __init__(self, model: JointModel, mean: Floats, scale: Floats) -> None:
        self._stems = model.take_stems()
        self._model = model.cpu().eval().requires_grad_(False)
        self._mean, self._scale = mean, scale

    def scores(
        self, blocks: Sequence[Floats], presence: npt.NDArray[np.bool_]
    ) -> Floats:
        """Compute scores of classes or labels, or numbers, (n_rows, n_outputs).

        In float64, since sums in float32 depend in their last bits on the row count.

        Parameters
        ----------
        blocks : sequence of ndarray of shape (n_rows, n_in)
        presence : ndarray of shape (n_rows, n_modalities), bool
        """
        model = copy.deepcopy(self._model).double()
        features = [
            self._stems[i].features_of(block) if i in self._stems else block
            for i, block in enumerate(blocks)
        ]
        rows = torch.from_numpy(pack(features, presence))
        with torch.inference_mode():
            found = torch.cat([model(part) for part in rows.split(_ROWS)])
        return np.asarray(found.numpy() * self._scale + self._mean)
