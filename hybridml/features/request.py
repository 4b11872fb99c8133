"""Which features are wanted, and the key under which their rows are stored."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property

from hybridml.backbones.network import Network
from hybridml.backbones.spec import Stage

# Part of every key: raise it when the same configuration gives other numbers.
NUMBERS_VERSION = 1


@dataclass(frozen=True)
class Request:
    """Which features are wanted of which network."""

    network: Network
    stage: Stage
    pooling: str

    @cached_property
    def fields(self) -> tuple[Stage, ...]:
        """Stages that one stored row holds, side by side.

        A row holds every declared stage, since one pass gives them all; maps that are
        only flattened, or taken at an undeclared node, are stored alone.
        """
        shared = self.stage in self.network.stages and self.pooling != "flatten"
        return self.network.stages if shared else (self.stage,)

    @cached_property
    def widths(self) -> dict[str, int]:
        """Number of columns of each field."""
        return {s.name: self.network.n_features(s, self.pooling) for s in self.fields}

    @property
    def offset(self) -> int:
        """First column of the wanted stage in a stored row."""
        before = self.fields[: self.fields.index(self.stage)]
        return sum(self.widths[field.name] for field in before)

    @property
    def n_features(self) -> int:
        """Number of columns wanted."""
        return self.widths[self.stage.name]

    @cached_property
    def key(self) -> bytes:
        """Digest of everything but the image that changes a number, 16 bytes."""
        settings = {
            "version": NUMBERS_VERSION,
            "backbone": self.network.backbone.name,
            "weights": self.network.weights_digest,
            "preprocessing": dataclasses.asdict(self.network.preprocessing),
            "precision": self.network.precision,
            "pooling": self.pooling,
            "fields": [
                (s.name, s.node, s.layout, self.widths[s.name]) for s in self.fields
            ],
        }
        text = json.dumps(settings, sort_keys=True).encode()
        return hashlib.blake2b(text, digest_size=16).digest()
