"""From images to rows of features: what is stored is read, the rest computed once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import compress

import numpy as np
import numpy.typing as npt

from hybridml.backbones.workers import count_workers, single_threaded_workers
from hybridml.features.claims import Claim, claim_batches
from hybridml.features.computing import Computed, Computer, Images
from hybridml.features.request import Request
from hybridml.features.store import FeatureStore
from hybridml.images.failures import raise_bad_images

DEFAULT_BATCH_SIZE = 64
_READ_AT_ONCE = 1024


def extract(
    images: Images,
    request: Request,
    *,
    store: FeatureStore | None,
    batch_size: int = DEFAULT_BATCH_SIZE,
    n_jobs: int | None = None,
    on_progress: Callable[[int], None] = lambda n_images: None,
    out: npt.NDArray[np.float32] | None = None,
) -> npt.NDArray[np.float32]:
    """Compute or look up the features of images.

    Parameters
    ----------
    images, request, store, batch_size, n_jobs, on_progress, out
        As `extract_what_can_be_decoded` takes them.

    Returns
    -------
    features : ndarray of shape (n_images, n_features), float32

    Raises
    ------
    ImageDecodeError
        Naming the images that cannot be decoded; the features of the others are in the
        store by then.
    """
    features, failures = extract_what_can_be_decoded(
        images,
        request,
        store=store,
        batch_size=batch_size,
        n_jobs=n_jobs,
        on_progress=on_progress,
        out=out,
    )
    raise_bad_images(failures, images)
    return features


def extract_what_can_be_decoded(
    images: Images,
    request: Request,
    *,
    store: FeatureStore | None,
    batch_size: int = DEFAULT_BATCH_SIZE,
    n_jobs: int | None = None,
    on_progress: Callable[[int], None] = lambda n_images: None,
    out: npt.NDArray[np.float32] | None = None,
) -> tuple[npt.NDArray[np.float32], dict[int, str]]:
    """Compute or look up the features of images, NaN for those that are bad.

    Parameters
    ----------
    images : ndarray of shape (n_images,) or (n_images, height, width[, channels])
        As `hybridml.images.as_images` returns them.
    request : Request
    store : FeatureStore or None
    batch_size : int
        How many images are computed and stored at a time.
    n_jobs : int or None
        Threads; None for one a core.
    on_progress : callable
        Called with the number of images done since the last call.
    out : ndarray of shape (n_images, n_features), float32, or None
        Where the features go; None makes a new array.

    Returns
    -------
    features : ndarray of shape (n_images, n_features), float32
    failures : dict of {int: str}
        Position of each image that cannot be decoded, with the reason.
    """
    if out is None:
        out = np.zeros((len(images), request.n_features), dtype=np.float32)
    job = _Job(images, request, out, batch_size, count_workers(n_jobs), on_progress)
    failures = job.run_stored(store) if store else job.run_unstored()
    out[sorted(failures)] = np.nan
    return out, failures


def seconds_per_image(request: Request, store: FeatureStore) -> float:
    """Mean time that computing an image's row took, over the life of the store.

    Decoding and the network together, in batches; 0.0 where nothing was computed.
    """
    cost = _cost_counter(request)
    n_images = store.counter(f"{cost} images")
    return store.counter(cost) / 1e6 / n_images if n_images else 0.0


@dataclass
class _Job:
    """One extraction: its images, where the features go, and what failed so far."""

    images: Images
    request: Request
    features: npt.NDArray[np.float32]
    batch_size: int
    n_workers: int
    on_progress: Callable[[int], None]
    failures: dict[int, str] = field(default_factory=dict)

    def run_unstored(self) -> dict[int, str]:
        """Compute only the wanted stages; nothing behind them runs."""
        starts = range(0, len(self.images), self.batch_size)
        every = np.arange(len(self.images))
        claims = (Claim(every[start : start + self.batch_size]) for start in starts)
        computer = self._computer(stored=False)
        for done in computer.compute(self.images, claims):
            self.features[done.claim.positions[done.good]] = done.rows
            self._note(done)
        return self.failures

    def run_stored(self, store: FeatureStore) -> dict[int, str]:
        """Look every distinct image up; compute and store those that are missing."""
        with single_threaded_workers(self.n_workers) as workers:
            digests, failures = store.digest_images(self.images, workers)
        self.failures |= failures
        own, first = self.request.key, dict[bytes, int]()
        keys = [None if digest is None else own + digest for digest in digests]
        for i, key in enumerate(keys):
            if key is not None:
                first.setdefault(key, i)
        found = self._read(store, list(first), list(first.values()))
        self.on_progress(len(found) + len(self.images) - len(first))
        missing = {key: i for key, i in first.items() if key not in found}
        counts = {"hits": len(found), "misses": len(missing)}
        store.count(counts, used=list(found))
        if missing:
            self._fill(store, missing)
        if len(first) < len(keys):
            self._copy_to_equal_images(keys, first)
        return self.failures

    def _fill(self, store: FeatureStore, position_of: dict[bytes, int]) -> None:
        """Compute the absent rows, unless another process does."""

        def still_absent(keys: list[bytes]) -> list[bytes]:
            found = self._read(store, keys, [position_of[key] for key in keys])
            self.on_progress(len(found))
            return [key for key in keys if key not in found]

        claims = claim_batches(
            position_of,
            folder=store.lock_folder(),
            still_absent=still_absent,
            batch_size=self.batch_size,
        )
        started = time.perf_counter()
        for done in self._computer(stored=True).compute(self.images, claims):
            try:
                places = done.claim.positions[done.good]
                self.features[places] = self.request.select(done.rows)
                finished = time.perf_counter()
                self._store(store, done, finished - started)
                started = finished
            finally:
                done.claim.release()
            self._note(done)

    def _store(self, store: FeatureStore, done: Computed, spent_s: float) -> None:
        n_computed, cost = len(done.good), _cost_counter(self.request)
        if not n_computed:
            return
        counts = {
            "images_forwarded": n_computed,
            cost: round(spent_s * 1e6),
            f"{cost} images": n_computed,
        }
        keys = [done.claim.keys[i] for i in done.good]
        store.write(keys, done.rows, widths=self._widths, counts=counts)

    def _read(
        self, store: FeatureStore, keys: Sequence[bytes], positions: Sequence[int]
    ) -> set[bytes]:
        """Copy the stored rows to their positions, and return their keys."""
        places = np.asarray(positions, dtype=np.intp)
        found = np.zeros(len(keys), dtype=bool)
        for start in range(0, len(keys), _READ_AT_ONCE):
            part = slice(start, start + _READ_AT_ONCE)
            shape = (len(places[part]), self.request.n_features)
            rows = np.empty(shape, dtype=np.float32)
            found[part] = store.read(
                keys[part], rows, widths=self._widths, wanted=self.request.wanted
            )
            self.features[places[part][found[part]]] = rows[found[part]]
        return set(compress(keys, found))

    def _copy_to_equal_images(
        self, keys: Sequence[bytes | None], first: dict[bytes, int]
    ) -> None:
        for i, key in enumerate(keys):
            source = i if key is None else first[key]
            if source in self.failures:
                self.failures[i] = self.failures[source]
            elif source != i:
                self.features[i] = self.features[source]

    def _note(self, done: Computed) -> None:
        self.failures |= done.failures
        self.on_progress(len(done.claim.positions))

    def _computer(self, *, stored: bool) -> Computer:
        request = self.request
        stages = request.fields if stored else request.stages
        return Computer(request.network, stages, request.pooling, self.n_workers)

    @property
    def _widths(self) -> tuple[int, ...]:
        return tuple(self.request.widths.values())


def _cost_counter(request: Request) -> str:
    return f"microseconds {request.key.hex()}"
