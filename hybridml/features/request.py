"""Which features are wanted, and the key under which their rows are stored."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from hybridml.backbones.cut_layer import CutLayer, name_cut_layers
from hybridml.backbones.network import Network
from hybridml.backbones.pooling import check_fits, fits
from hybridml.backbones.spec import Stage

# Part of every key: raise it when the same configuration gives other numbers.
NUMBERS_VERSION = 2

# All the stages of a network make too long a row with these.
_STORED_ALONE = ("grid4", "flatten")


def make_request(network: Network, cut_layer: CutLayer, pooling: str) -> Request:
    """Look cut layers up, and check that they can be pooled so.

    Parameters
    ----------
    network : Network
    cut_layer : str, int, or list or tuple of them
        Their features stand side by side, in this order.
    pooling : str

    Raises
    ------
    UnknownCutLayerError, InvalidParameterError, WeightsError
        If the network, or its weights, have no such layer, or one does not give what
        the pooling needs.
    """
    names = name_cut_layers(network.backbone, cut_layer)
    stages = tuple(network.find(name) for name in names)
    for stage in stages:
        shape = network.shape(stage)
        check_fits(stage, pooling, shape, backbone=network.backbone)
    return Request(network, stages, pooling)


def key_of(identity: str) -> bytes:
    """Digest what `Request.identity` says, to 16 bytes."""
    return hashlib.blake2b(identity.encode(), digest_size=16).digest()


@dataclass(frozen=True)
class Request:
    """Which features are wanted of which network.

    Attributes
    ----------
    network : Network
    stages : tuple of Stage
        Those wanted, in the order of their features.
    pooling : str
    """

    network: Network
    stages: tuple[Stage, ...]
    pooling: str

    @cached_property
    def fields(self) -> tuple[Stage, ...]:
        """Stages that one stored row holds, side by side.

        A row holds every declared stage that can be pooled so, since one pass gives
        them all. Where rows would be too long, or one of the wanted is an undeclared
        node, it holds the wanted ones alone, in the network's order, and shares nothing
        with other rows: simpler than to read and write two rows an image.
        """
        declared = self.network.stages
        is_shared = set(self.stages) <= set(declared)
        if is_shared and self.pooling not in _STORED_ALONE:
            return tuple(stage for stage in declared if self._fits(stage))
        place = {stage: i for i, stage in enumerate(declared)}
        last = len(declared)
        key = {stage: (place.get(stage, last), stage.name) for stage in self.stages}
        return tuple(sorted(self.stages, key=key.__getitem__))

    @cached_property
    def widths(self) -> dict[str, int]:
        """Number of columns of each field."""
        return {s.name: self.network.n_features(s, self.pooling) for s in self.fields}

    @cached_property
    def wanted(self) -> tuple[int, ...]:
        """Places in `fields` of the stages wanted, in the order wanted."""
        return tuple(self.fields.index(stage) for stage in self.stages)

    @property
    def wanted_widths(self) -> dict[str, int]:
        """Number of columns of each stage wanted, in the order wanted."""
        return {stage.name: self.widths[stage.name] for stage in self.stages}

    @property
    def n_features(self) -> int:
        """Number of columns wanted."""
        return sum(self.wanted_widths.values())

    @property
    def row_width(self) -> int:
        """Number of columns of a stored row."""
        return sum(self.widths.values())

    def select(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Take the columns wanted from stored rows.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, row_width), float32

        Returns
        -------
        features : ndarray of shape (n_rows, n_features), float32
        """
        ends = np.cumsum(list(self.widths.values()))
        fields = np.split(rows, ends[:-1], axis=1)
        return np.concatenate([fields[i] for i in self.wanted], axis=1)

    @cached_property
    def identity(self) -> str:
        """Everything but the image that changes a number, as JSON."""
        settings = {
            "version": NUMBERS_VERSION,
            "backbone": self.network.backbone.name,
            "weights": self.network.weights_digest,
            "preprocessing": dataclasses.asdict(self.network.preprocessing),
            "precision": self.network.precision,
            "pooling": self.pooling,
            "fields": [
                (*dataclasses.astuple(field), self.widths[field.name])
                for field in self.fields
            ],
        }
        return json.dumps(settings, sort_keys=True)

    @cached_property
    def key(self) -> bytes:
        """Digest of the identity, 16 bytes; a row's key begins with it."""
        return key_of(self.identity)

    def _fits(self, stage: Stage) -> bool:
        return fits(stage, self.pooling, self.network.shape(stage))
