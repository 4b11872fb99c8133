"""What computes blocks of images and writes their rows, in whatever process it runs."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from hybridml.backbones.loading import load_network
from hybridml.backbones.registry import register_backbone
from hybridml.distributed.configuration import Configuration
from hybridml.distributed.folder import Folder
from hybridml.distributed.messages import Contents, Description, Outcome
from hybridml.distributed.parts import Rows, part_name, write_part
from hybridml.distributed.reading import Block, read_block
from hybridml.distributed.settings import Settings
from hybridml.features.claims import Claim
from hybridml.features.computing import Computer
from hybridml.features.request import Request, make_request


@dataclass
class Worker:
    """Reads, computes and writes blocks of images; nothing runs before it is asked.

    The bytes that are digested are those that are computed: an image is read once, and
    its row belongs to what was read, whatever becomes of the file.

    Parameters
    ----------
    settings : Settings
    """

    settings: Settings
    _held: dict[int, Block] = field(default_factory=dict)
    _computing: threading.Lock = field(default_factory=threading.Lock)

    def describe(self) -> Description:
        """Load the network, and say what it is."""
        request = self._request
        names = tuple(stage.name for stage in request.stages)
        return Description(Configuration(request.identity), names)

    def read(self, block: int, images: Sequence[Any]) -> Contents:
        """Read the images of a block, keep them in mind, and say what they are."""
        held = self._held[block] = read_block(images)
        return Contents(held.digests, held.failures, sum(held.sizes))

    def compute(self, block: int, places: Sequence[int]) -> Outcome:
        """Compute some of the images of a block that was read, and write their rows."""
        held = self._held.pop(block)
        good, rows, failures = self._rows(held, places)
        if not good:
            return Outcome([], failures, 0)
        digests = [held.digest(i) for i in good]
        n_bytes = write_part(
            self._folder,
            part_name([held.digest(i) for i in places]),
            Configuration(self._request.identity),
            digests=digests,
            images=[_path(held.images[i]) for i in good],
            rows=rows,
        )
        return Outcome(digests, failures, n_bytes)

    def forget(self, block: int) -> None:
        """Let go of a block of which nothing is to be computed."""
        self._held.pop(block, None)

    def _rows(
        self, held: Block, places: Sequence[int]
    ) -> tuple[list[int], Rows, dict[int, str]]:
        """Compute images, and say which could be decoded and what the others lack."""
        good: list[int] = []
        rows: list[Rows] = []
        failures: dict[int, str] = {}
        for batch in held.batches(places):
            images, changed = held.take(batch)
            with self._computing:
                done = self._computer.compute(images, [Claim(np.arange(len(batch)))])
                (computed,) = done
            good += [batch[i] for i in computed.good]
            rows.append(computed.rows)
            failures |= {batch[i]: why for i, why in computed.failures.items()}
            failures |= changed
        return good, np.concatenate(rows), failures

    @property
    def _computer(self) -> Computer:
        request, n_threads = self._request, self.settings.n_threads
        return Computer(request.network, request.fields, request.pooling, n_threads)

    @cached_property
    def _request(self) -> Request:
        ours = self.settings
        if ours.declared is not None:
            register_backbone(ours.declared, overwrite=True)
        network = load_network(
            ours.backbone,
            weights=ours.weights,
            image_size=ours.image_size,
            in_channels=ours.in_channels,
            device=ours.device,
            precision=ours.precision,
            random_state=ours.random_state,
        )
        return make_request(network, ours.cut_layer, ours.pooling)

    @cached_property
    def _folder(self) -> Folder:
        return Folder(self.settings.output)


def _path(image: Any) -> str | None:
    return image if isinstance(image, str) else None
