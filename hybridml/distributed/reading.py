"""A block of images, read once: digests, and what memory should hold of the rest."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hybridml.exceptions import ImageDecodeError
from hybridml.images.digest import digest_image
from hybridml.images.source import open_content

N_BYTES_HELD = 64 * 2**20
_N_READERS = 8  # reading from a network waits more than it works


@dataclass
class Block:
    """Images that were read.

    Attributes
    ----------
    images : list
        As they were given.
    contents : list
        The bytes of files and URLs, and images as they are; None where there was no
        more room, or an image cannot be read.
    digests : list of bytes or None
        None where an image cannot be read.
    failures : dict of {int: str}
        By place, why it cannot.
    sizes : list of int
        How many bytes were read of each.
    """

    images: Sequence[Any]
    contents: list[Any]
    digests: list[bytes | None]
    failures: dict[int, str]
    sizes: list[int]

    def digest(self, place: int) -> bytes:
        """Digest of an image that could be read."""
        digest = self.digests[place]
        assert digest is not None  # only such images are asked for
        return digest

    def batches(self, places: Sequence[int]) -> Iterator[list[int]]:
        """Divide places so that no batch has more bytes than memory should hold."""
        batch: list[int] = []
        n_bytes = 0
        for place in places:
            n_bytes += self.sizes[place]
            if batch and n_bytes > N_BYTES_HELD:
                yield batch
                batch, n_bytes = [], self.sizes[place]
            batch.append(place)
        if batch:
            yield batch

    def take(self, places: Sequence[int]) -> tuple[npt.NDArray[Any], dict[int, str]]:
        """Return the contents of images; read again what was too much to hold.

        Returns
        -------
        contents : ndarray of object
        failures : dict of {int: str}
            Places of those that are not what they were.
        """
        contents = np.empty(len(places), dtype=object)
        failures = {}
        for i, place in enumerate(places):
            contents[i] = self.contents[place]
            if contents[i] is None:
                digest, contents[i], why = _read(self.images[place])
                if digest != self.digests[place]:
                    contents[i] = None
                    failures[place] = why or "it was changed while it was read"
        return contents, failures


def read_block(images: Sequence[Any]) -> Block:
    """Read the images of a block, several at a time."""
    room = _Room(N_BYTES_HELD)

    def read(image: Any) -> tuple[Any, bytes | None, str | None, int]:
        digest, content, why = _read(image)
        size = len(content) if isinstance(content, bytes) else 0
        return content if room.take(size) else None, digest, why, size

    with ThreadPoolExecutor(min(_N_READERS, len(images))) as readers:
        found = list(readers.map(read, images))
    contents, digests, reasons, sizes = map(list, zip(*found, strict=True))
    failures = {i: why for i, why in enumerate(reasons) if why is not None}
    return Block(images, contents, digests, failures, sizes)


class _Room:
    """Bytes that may be held, taken by several threads."""

    def __init__(self, n_bytes: int) -> None:
        self._left = n_bytes
        self._lock = threading.Lock()

    def take(self, n_bytes: int) -> bool:
        with self._lock:
            fits = n_bytes <= self._left
            self._left -= n_bytes if fits else 0
        return fits


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
