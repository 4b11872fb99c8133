"""What computes blocks of images and writes their rows, in whatever process it runs."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import nn

from hybridml.backbones.cut_layer import CutLayer
from hybridml.backbones.loading import load_network
from hybridml.backbones.registry import register_backbone
from hybridml.backbones.spec import Backbone
from hybridml.distributed.configuration import Configuration
from hybridml.distributed.folder import Folder
from hybridml.distributed.parts import part_name, write_part
from hybridml.exceptions import ImageDecodeError
from hybridml.features.claims import Claim
from hybridml.features.computing import Computer
from hybridml.features.request import Request, make_request
from hybridml.images.digest import digest_image
from hybridml.images.source import open_content

_N_READERS = 8  # reading from a network waits more than it works
_KEPT_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Settings:
    """Everything a worker has to know; it is sent to other machines.

    Attributes
    ----------
    backbone, cut_layer, pooling, weights, image_size, in_channels, device, precision
        As `DeepFeatureExtractor` takes them.
    random_state : int
    declared : Backbone or None
        The backbone, where it was registered in the process that asks for features.
    n_threads : int
    output : str
        Folder of the dataset.
    """

    backbone: str | nn.Module
    cut_layer: CutLayer
    pooling: str
    weights: str | None
    image_size: int | None
    in_channels: int
    device: str
    precision: str
    random_state: int
    declared: Backbone | None
    n_threads: int
    output: str


@dataclass(frozen=True)
class Description:
    """What a worker's network really is: which stages are wanted, and how they run."""

    configuration: Configuration
    wanted: tuple[str, ...]


@dataclass(frozen=True)
class Contents:
    """What was found of a block's images.

    Attributes
    ----------
    digests : list of bytes or None
        None for those that cannot be read.
    failures : dict of {int: str}
        Places of those in the block, with the reasons.
    n_bytes : int
        That were read, of files and URLs.
    """

    digests: list[bytes | None]
    failures: dict[int, str]
    n_bytes: int


@dataclass(frozen=True)
class Outcome:
    """What became of the images of a block that were to be computed.

    Attributes
    ----------
    digests : list of bytes
        Of the rows that were written.
    failures : dict of {int: str}
        Places of the images that cannot be decoded, with the reasons.
    n_bytes : int
        That were written.
    """

    digests: list[bytes]
    failures: dict[int, str]
    n_bytes: int


@dataclass
class _Held:
    """A block between being read and being computed."""

    images: Sequence[Any]
    contents: list[Any]
    digests: list[bytes | None]

    def digest(self, place: int) -> bytes:
        """Digest of an image that could be read."""
        digest = self.digests[place]
        assert digest is not None  # only such images are asked for
        return digest

    def take(self, places: Sequence[int]) -> tuple[npt.NDArray[Any], dict[int, str]]:
        """Return the contents of images; read again what was too much to keep."""
        images = np.empty(len(places), dtype=object)
        failures = {}
        for i, place in enumerate(places):
            images[i] = self.contents[place]
            if images[i] is None:
                digest, images[i], why = _read(self.images[place])
                if digest != self.digests[place]:
                    images[i] = None
                    failures[place] = why or "it was changed while it was read"
        return images, failures


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
    _held: dict[int, _Held] = field(default_factory=dict)
    _computing: threading.Lock = field(default_factory=threading.Lock)

    def describe(self) -> Description:
        """Load the network, and say what it is."""
        request = self._request
        names = tuple(stage.name for stage in request.stages)
        return Description(Configuration(request.identity), names)

    def read(self, block: int, images: Sequence[Any]) -> Contents:
        """Read the images of a block, keep them in mind, and say what they are."""
        with ThreadPoolExecutor(min(_N_READERS, len(images))) as readers:
            found = list(readers.map(_read, images))
        digests = [digest for digest, _, _ in found]
        failures = {i: why for i, (_, _, why) in enumerate(found) if why is not None}
        sizes = [len(c) if isinstance(c, bytes) else 0 for _, c, _ in found]
        are_kept = np.cumsum(sizes) <= _KEPT_BYTES
        contents = [
            content if is_kept else None
            for (_, content, _), is_kept in zip(found, are_kept, strict=True)
        ]
        self._held[block] = _Held(images, contents, digests)
        return Contents(digests, failures, sum(sizes))

    def compute(self, block: int, places: Sequence[int]) -> Outcome:
        """Compute some of the images of a block that was read, and write their rows."""
        held = self._held.pop(block)
        images, failures = held.take(places)
        with self._computing:
            done = self._computer.compute(images, [Claim(np.arange(len(places)))])
            (computed,) = done
        failures = {places[i]: why for i, why in computed.failures.items()} | failures
        good = [places[i] for i in computed.good]
        digests = [held.digest(i) for i in good]
        if not good:
            return Outcome([], failures, 0)
        n_bytes = write_part(
            self._folder,
            part_name([held.digest(i) for i in places]),
            Configuration(self._request.identity),
            digests=digests,
            images=[_path(held.images[i]) for i in good],
            rows=computed.rows,
        )
        return Outcome(digests, failures, n_bytes)

    def forget(self, block: int) -> None:
        """Let go of a block of which nothing is to be computed."""
        self._held.pop(block, None)

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


def _read(image: Any) -> tuple[bytes | None, Any, str | None]:
    """Return an image's digest, its content, and why there is neither."""
    try:
        content = _content(image)
        return digest_image(content), content, None
    except ImageDecodeError as exc:
        return None, None, str(exc)


def _content(image: Any) -> Any:
    if not isinstance(image, str):
        return image
    with open_content(image) as stream:
        try:
            return stream.read()
        except OSError as exc:
            raise ImageDecodeError(exc.strerror or str(exc)) from exc


def _path(image: Any) -> str | None:
    return image if isinstance(image, str) else None
