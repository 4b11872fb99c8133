"""The end of a pretrained network that learns along with the branch behind it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from hybridml.backbones.cutting import to_channels_last, without_batch_norms
from hybridml.backbones.pooling import pool
from hybridml.backbones.separating import part_between
from hybridml.backbones.spec import Stage
from hybridml.backbones.workers import count_workers, single_threaded_workers
from hybridml.exceptions import InvalidParameterError

Floats = npt.NDArray[np.float64]

_ROWS = 8  # run at a time, padded: the last bits depend on it


class ImageStem(nn.Module):
    """The layers behind a border, and a linear layer that brings features to scale.

    The linear layer does not learn: it is what the features of a frozen network would
    have gone through.

    Parameters
    ----------
    module : nn.Module
        The whole network; it is changed in training.
    border, end : Stage
        Of the network.
    pooling : str
        How the output at `end` becomes features.
    shape : tuple of int
        Of the maps of one image at `border`, (channels, height, width) or (features,).

    Attributes
    ----------
    n_in : int
        Numbers of an image at the border.

    Raises
    ------
    InvalidParameterError
        If what learns reads more of the network than its output at the border.
    """

    def __init__(
        self,
        module: nn.Module,
        border: Stage,
        end: Stage,
        pooling: str,
        shape: tuple[int, ...],
    ) -> None:
        super().__init__()
        part = part_between(module, border, end)
        if part is None:
            raise InvalidParameterError(
                f"The network does not divide at {border.name!r}: what comes behind it "
                "reads other outputs, too. Pass another cut layer as trainable."
            )
        self.part = to_channels_last(part.requires_grad_(True))
        self.scaling: nn.Module = nn.Identity()
        self._border, self._end, self._pooling = border, end, pooling
        self._shape = shape
        self.n_in = int(np.prod(shape))

    def scale_by(self, transform: Callable[[Floats], Floats], n_features: int) -> None:
        """Take the linear layer from a transform of (n, n_features) features."""
        start = transform(np.zeros((1, n_features)))[0]
        weight = transform(np.eye(n_features)) - start
        layer = nn.Linear(n_features, len(start))
        layer.weight.data = torch.from_numpy(np.ascontiguousarray(weight.T)).float()
        layer.bias.data = torch.from_numpy(start).float()
        self.scaling = layer.requires_grad_(False)

    @property
    def n_out(self) -> int:
        """Number of scaled features."""
        layer: nn.Linear = self.get_submodule("scaling")  # type: ignore[assignment]
        return layer.out_features

    def forward(self, rows: Tensor) -> Tensor:
        """Map rows at the border, (n, n_in), to scaled features."""
        scaled: Tensor = self.scaling(self._pooled(rows))
        return scaled

    def fused(self) -> ImageStem:
        """Make of it what runs fast, is pickled, and does not learn."""
        self.cpu().eval().requires_grad_(False)
        self.part = without_batch_norms(self.part)
        return self

    def features_of(self, rows: npt.NDArray[np.floating]) -> Floats:
        """Map rows on the CPU, with the same bits whatever their company."""
        starts = range(0, len(rows), _ROWS)
        chunks = [rows[i : i + _ROWS] for i in starts]
        with single_threaded_workers(count_workers(None)) as workers:
            return np.concatenate(list(workers.map(self._chunk, [rows[:0], *chunks])))

    def _chunk(self, rows: npt.NDArray[np.floating]) -> Floats:
        padded = np.zeros((_ROWS, self.n_in), dtype=np.float32)
        padded[: len(rows)] = rows
        with torch.inference_mode():
            found = self(torch.from_numpy(padded))
        return np.asarray(found[: len(rows)].numpy(), dtype=np.float64)

    def _pooled(self, rows: Tensor) -> Tensor:
        maps = rows.unflatten(1, self._shape)
        if maps.ndim == 4:
            maps = maps.contiguous(memory_format=torch.channels_last)
        if self._border.layout == "maps_last":
            maps = maps.permute(0, 2, 3, 1)
        return pool(self.part(maps), self._end, self._pooling)
