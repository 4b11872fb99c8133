"""From images to rows of features: what is stored is read, the rest computed once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hybridml.backbones.spec import Stage
from hybridml.features.decoding import Batch, Images, decode_ahead
from hybridml.features.request import Request
from hybridml.features.store import FeatureStore
from hybridml.images.batch import raise_bad_images

DEFAULT_BATCH_SIZE = 64


def extract(
    images: Images,
    request: Request,
    *,
    store: FeatureStore | None,
    batch_size: int = DEFAULT_BATCH_SIZE,
    n_threads: int | None = None,
    bad_images_as_nan: bool = False,
    on_progress: Callable[[int], None] = lambda n_images: None,
) -> npt.NDArray[np.float32]:
    """Compute or look up the features of images.

    Parameters
    ----------
    images : ndarray of shape (n_images,) or (n_images, height, width[, channels])
        As `hybridml.images.as_images` returns them.
    request : Request
    store : FeatureStore or None
    batch_size : int
        How many images are decoded at a time.
    n_threads : int or None
        Decoding threads; None for one a core.
    bad_images_as_nan : bool
        Give a row of NaN for an image that cannot be decoded, rather than raise.
    on_progress : callable
        Called with the number of images done since the last call.

    Returns
    -------
    features : ndarray of shape (n_images, n_features), float32

    Raises
    ------
    ImageDecodeError
        Naming the images that cannot be decoded; the features of the others are in the
        store by then.
    """
    with ThreadPoolExecutor(n_threads or os.cpu_count() or 1) as threads:
        job = _Job(images, request, store, batch_size, threads, on_progress)
        failures = job.run_stored(store) if store else job.run_unstored()
    if failures and not bad_images_as_nan:
        raise_bad_images(failures, images)
    job.features[sorted(failures)] = np.nan
    return job.features


def seconds_per_image(request: Request, store: FeatureStore) -> float:
    """Mean time that computing an image's row took, over the life of the store.

    Decoding and the network together, in batches; 0.0 where nothing was computed.
    """
    cost = _cost_counter(request)
    n_images = store.counter(f"{cost} images")
    return store.counter(cost) / 1e6 / n_images if n_images else 0.0


@dataclass
class _Job:
    """One extraction: its images, its result so far, and the threads that decode."""

    images: Images
    request: Request
    store: FeatureStore | None
    batch_size: int
    threads: ThreadPoolExecutor
    on_progress: Callable[[int], None]

    def __post_init__(self) -> None:
        shape = (len(self.images), self.request.n_features)
        self.features = np.zeros(shape, dtype=np.float32)

    def run_unstored(self) -> dict[int, str]:
        """Compute only the wanted stage; nothing behind it runs."""
        stage = self.request.stage
        failures: dict[int, str] = {}
        for positions, pixels, bad in self._decode(range(len(self.images))):
            computed = self._forward(pixels, bad, (stage,))[stage.name]
            self.features[_without(positions, bad)] = computed
            failures |= {int(positions[i]): reason for i, reason in bad.items()}
            self.on_progress(len(positions))
        return failures

    def run_stored(self, store: FeatureStore) -> dict[int, str]:
        """Look every distinct image up; compute and store those that are missing."""
        digests, failures = store.digest_images(self.images, self.threads)
        first: dict[bytes, int] = {}
        for i, digest in enumerate(digests):
            if digest is not None:
                first.setdefault(self.request.key + digest, i)
        keys, positions = list(first), np.fromiter(first.values(), dtype=np.intp)
        found = self._read(store, keys, positions)
        self.on_progress(int(found.sum()) + len(self.images) - len(keys))
        absent = [
            key for key, is_found in zip(keys, found, strict=True) if not is_found
        ]
        failures |= self._fill(store, absent, [first[key] for key in absent])
        store.count(
            {"hits": int(found.sum()), "misses": len(absent)},
            used=[key for key, is_found in zip(keys, found, strict=True) if is_found],
        )
        return self._spread(digests, first, failures)

    def _fill(
        self, store: FeatureStore, keys: list[bytes], positions: list[int]
    ) -> dict[int, str]:
        """Compute the absent rows, batch by batch, unless another process just has."""
        failures: dict[int, str] = {}
        key_at = dict(zip(positions, keys, strict=True))
        started = time.perf_counter()
        for batch, pixels, bad in self._decode(positions):
            failures |= {int(batch[i]): reason for i, reason in bad.items()}
            with store.computing(self.request.key.hex()):
                batch_keys = [key_at[int(i)] for i in batch]
                found = self._read(store, batch_keys, batch)
                skipped = {int(i): "found" for i in np.flatnonzero(found)} | bad
                rows = self._forward(pixels, skipped, self.request.fields)
                todo = _without(batch, skipped)
                row = np.concatenate(
                    [rows[s.name] for s in self.request.fields], axis=1
                )
                self.features[todo] = rows[self.request.stage.name]
                spent_us = round((time.perf_counter() - started) * 1e6)
                n_computed, cost = len(todo), _cost_counter(self.request)
                if n_computed:
                    store.write(
                        [key_at[int(i)] for i in todo],
                        row,
                        widths=tuple(self.request.widths.values()),
                        counts={
                            "images_forwarded": n_computed,
                            cost: spent_us,
                            f"{cost} images": n_computed,
                        },
                    )
            self.on_progress(len(batch))
            started = time.perf_counter()
        return failures

    def _read(
        self,
        store: FeatureStore,
        keys: Sequence[bytes],
        positions: npt.NDArray[np.intp],
    ) -> npt.NDArray[np.bool_]:
        rows = np.empty((len(keys), self.request.n_features), dtype=np.float32)
        found = store.read(
            keys,
            rows,
            widths=tuple(self.request.widths.values()),
            wanted=(self.request.fields.index(self.request.stage),),
        )
        self.features[positions[found]] = rows[found]
        return found

    def _spread(
        self,
        digests: Sequence[bytes | None],
        first: dict[bytes, int],
        failures: dict[int, str],
    ) -> dict[int, str]:
        """Copy the row of the first of equal images to the others, or its failure."""
        source = np.arange(len(digests))
        for i, digest in enumerate(digests):
            if digest is not None:
                source[i] = first[self.request.key + digest]
        self.features = self.features[source]
        return failures | {
            i: failures[int(j)] for i, j in enumerate(source) if int(j) in failures
        }

    def _forward(
        self,
        pixels: npt.NDArray[np.uint8],
        skipped: dict[int, str],
        stages: tuple[Stage, ...],
    ) -> dict[str, npt.NDArray[np.float32]]:
        wanted = _without(np.arange(len(pixels)), skipped)
        if not len(wanted):
            width = self.request.network.n_features
            pooling = self.request.pooling
            return {
                s.name: np.empty((0, width(s, pooling)), np.float32) for s in stages
            }
        return self.request.network.features(
            pixels[wanted], stages, self.request.pooling
        )

    def _decode(self, positions: Sequence[int]) -> Iterator[Batch]:
        return decode_ahead(
            self.images,
            positions,
            self.request.network.preprocessing,
            batch_size=self.batch_size,
            threads=self.threads,
        )


def _cost_counter(request: Request) -> str:
    return f"microseconds {request.key.hex()}"


def _without(
    positions: npt.NDArray[np.intp], skipped: dict[int, str]
) -> npt.NDArray[np.intp]:
    return np.delete(positions, sorted(skipped))
