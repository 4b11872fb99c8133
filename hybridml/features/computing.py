"""From claimed images to rows: decoding and the network, many chunks at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from hybridml.backbones.memory import Slots, is_out_of_memory
from hybridml.backbones.network import Network
from hybridml.backbones.spec import Stage
from hybridml.backbones.workers import single_threaded_workers
from hybridml.features.claims import Claim
from hybridml.images.batch import load_batch

Images = npt.NDArray[Any]
Rows = npt.NDArray[np.float32]
_N_DECODED = 8  # images to a task where the network does not run in the same thread


@dataclass(frozen=True)
class Computed:
    """The rows of a claim.

    Attributes
    ----------
    claim : Claim
    good : ndarray of int
        Which of its images could be decoded, by place in the claim.
    rows : ndarray of shape (n_good, n_features), float32
    failures : dict of {int: str}
        By position of the image, why it could not be decoded.
    """

    claim: Claim
    good: npt.NDArray[np.intp]
    rows: Rows
    failures: dict[int, str]


@dataclass
class Computer:
    """Runs images through a network.

    On a CPU each worker decodes a chunk of images and runs the network on it, alone. On
    another device the workers decode, and the caller's thread feeds the network. When
    memory runs out, fewer workers, or smaller chunks on the device, go on.

    Parameters
    ----------
    network : Network
    stages : tuple of Stage
        Their pooled outputs stand side by side in a row.
    pooling : str
    n_workers : int
    """

    network: Network
    stages: tuple[Stage, ...]
    pooling: str
    n_workers: int
    _slots: Slots = field(init=False)

    def __post_init__(self) -> None:
        self._slots = Slots(self.n_workers)

    def compute(
        self, images: Images, claims: Iterable[Claim | None]
    ) -> Iterator[Computed]:
        """Compute claims in turn, the next ones already under way.

        A claim of None asks for all that is under way before the next one is drawn.
        """
        under_way: deque[tuple[Claim, list[Future[_Chunk]]]] = deque()
        workers = single_threaded_workers(self.n_workers)
        try:
            for claim in claims:
                if claim is not None:
                    under_way.append((claim, self._submit(images, claim, workers)))
                while under_way and (claim is None or self._has_plenty(under_way)):
                    yield self._finish(*under_way.popleft())
            while under_way:
                yield self._finish(*under_way.popleft())
        finally:
            workers.shutdown(cancel_futures=True)

    @property
    def _is_on_cpu(self) -> bool:
        return self.network.device.type == "cpu"

    def _has_plenty(self, under_way: Sequence[tuple[Claim, object]]) -> bool:
        """Whether two chunks a worker remain when the first claim is finished."""
        n_waiting = sum(len(claim.positions) for claim, _ in list(under_way)[1:])
        return n_waiting >= 2 * self.n_workers * self._chunk_size

    @property
    def _chunk_size(self) -> int:
        return self.network.n_rows if self._is_on_cpu else _N_DECODED

    def _submit(
        self, images: Images, claim: Claim, workers: ThreadPoolExecutor
    ) -> list[Future[_Chunk]]:
        size, n_images = self._chunk_size, len(claim.positions)
        starts = range(0, n_images, size)
        parts = [claim.positions[start : start + size] for start in starts]
        task = self._decode_and_run if self._is_on_cpu else self._decode
        return [workers.submit(task, [images[i] for i in part]) for part in parts]

    def _decode(self, images: Sequence[Any]) -> _Chunk:
        preprocessing = self.network.preprocessing
        pixels, failures = load_batch(
            images,
            resize=preprocessing.resize,
            crop=preprocessing.crop,
            interpolation=preprocessing.interpolation,
            channels=preprocessing.channels,
        )
        return _Chunk(np.delete(pixels, list(failures), axis=0), len(images), failures)

    def _decode_and_run(self, images: Sequence[Any]) -> _Chunk:
        def work() -> _Chunk:
            chunk = self._decode(images)
            chunk.content = self._run(chunk.content)
            return chunk

        return _with_less_memory(work, self._slots)

    def _run(self, pixels: npt.NDArray[Any]) -> Rows:
        return self.network.chunk_features(pixels, self.stages, self.pooling)

    def _finish(self, claim: Claim, chunks: Sequence[Future[_Chunk]]) -> Computed:
        finished = [chunk.result() for chunk in chunks]
        starts = np.cumsum([0, *(chunk.n_images for chunk in finished)])
        failures = {
            int(start) + place: reason
            for start, chunk in zip(starts, finished, strict=False)
            for place, reason in chunk.failures.items()
        }
        content = np.concatenate([chunk.content for chunk in finished])
        rows = content if self._is_on_cpu else self._run_all(content)
        good = np.delete(np.arange(starts[-1]), list(failures))
        by_position = {int(claim.positions[i]): why for i, why in failures.items()}
        return Computed(claim, good, rows, by_position)

    def _run_all(self, pixels: npt.NDArray[Any]) -> Rows:
        """Run the network in this thread, on full chunks."""
        parts: list[Rows] = []
        start = 0
        while start < len(pixels) or not parts:
            size = self.network.n_rows
            try:
                parts.append(self._run(pixels[start : start + size]))
            except RuntimeError as exc:
                if not is_out_of_memory(exc) or not self.network.halve_rows():
                    raise
            else:
                start += size
        return np.concatenate(parts)


@dataclass
class _Chunk:
    """Pixels, or then rows, of those images of a chunk that could be decoded."""

    content: npt.NDArray[Any]
    n_images: int
    failures: dict[int, str]


def _with_less_memory(work: Callable[[], _Chunk], slots: Slots) -> _Chunk:
    """Try again, beside fewer others, when memory runs out."""
    while True:
        with slots.taken() as n_slots:
            try:
                return work()
            except (MemoryError, RuntimeError) as exc:
                if not is_out_of_memory(exc) or not slots.halve(n_slots):
                    raise
