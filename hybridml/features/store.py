"""The feature store: rows of features on disk, by the content of their image."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import lmdb
import numpy as np
import numpy.typing as npt
from filelock import FileLock
from platformdirs import user_cache_path

from hybridml._checks import describe, is_count
from hybridml.exceptions import InvalidParameterError, StoreWarning
from hybridml.features.codec import (
    pack_count,
    pack_row,
    pack_time,
    unpack_count,
    unpack_row,
    unpack_time,
)
from hybridml.features.engine import Databases, Engine

FORMAT = 1
_COUNTERS = ("hits", "misses", "images_forwarded")
_SLACK_BYTES = 64 * 2**20
_HOUR_S = 3600
_KEEP_FRACTION = 0.9


class FeatureStore:
    """Features of images on disk, each computed once.

    A row belongs to the content of one image and to everything that changes a number
    in it (backbone, weights, cut layers, pooling, preprocessing, precision); where the
    image lies and how it was batched do not matter. Several processes may share a
    store. Rows are checked when read; a damaged one is a miss.

    Parameters
    ----------
    path : str or Path
        Folder of the store; made when first written.
    max_bytes : int, default=20 GiB
        Above it, the rows unused for longest are evicted.

    Notes
    -----
    The engine is LMDB: readers do not block, a process killed while writing leaves the
    last committed state. If the folder cannot be written or the disk is full, a
    `StoreWarning` says so once and the work goes on without the store. A file that is
    no store is set aside with a warning.

    Only the path is pickled or copied. Counters are kept in the store, over all the
    processes that used it.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> store = FeatureStore(folder.name)
    >>> store.write([b"key"], np.ones((1, 3), dtype=np.float32))
    >>> out = np.empty((1, 2), dtype=np.float32)
    >>> store.read([b"key"], out, offset=1)
    array([ True])
    >>> store.stats()["rows"]
    1
    >>> store.close(); folder.cleanup()
    """

    def __init__(self, path: str | Path, *, max_bytes: int = 20 * 2**30) -> None:
        if not is_count(max_bytes, minimum=2**20):
            expected = "a whole number of at least 1 MiB (2**20)"
            raise InvalidParameterError(describe("max_bytes", max_bytes, expected))
        self.path = Path(path).expanduser()
        self.max_bytes = max_bytes
        self._engine = Engine(self.path / f"v{FORMAT}", max_bytes + _SLACK_BYTES)

    def read(
        self, keys: Sequence[bytes], out: npt.NDArray[np.float32], *, offset: int = 0
    ) -> npt.NDArray[np.bool_]:
        """Copy stored rows, or a span of their columns, into `out`.

        Parameters
        ----------
        keys : sequence of bytes
        out : ndarray of shape (n_keys, n_columns), float32
            Rows that are not stored are left as they are.
        offset : int, default=0
            First column of the stored rows to copy.

        Returns
        -------
        found : ndarray of shape (n_keys,), bool
        """
        found = np.zeros(len(keys), dtype=bool)
        end = offset + out.shape[1]

        def copy(databases: Databases) -> None:
            begin = databases.environment.begin
            with begin(db=databases.rows, buffers=True) as transaction:
                for i, key in enumerate(keys):
                    row = unpack_row(transaction.get(key))
                    if row is not None and end <= len(row):
                        out[i] = row[offset:end]
                        found[i] = True

        if self._engine.exists:
            self._engine.run(copy)
        return found

    def write(self, keys: Sequence[bytes], rows: npt.NDArray[np.float32]) -> None:
        """Store rows of shape (n_keys, n_columns), float32, under their keys."""
        packed = [pack_row(row) for row in np.ascontiguousarray(rows, dtype=np.float32)]

        def put(databases: Databases) -> int:
            now = pack_time(time.time())
            with databases.environment.begin(write=True) as transaction:
                for key, value in zip(keys, packed, strict=True):
                    transaction.put(key, value, db=databases.rows)
                    transaction.put(key, now, db=databases.used)
                return databases.bytes_in_use(transaction)

        def put_or_make_room(databases: Databases) -> int:
            try:
                return put(databases)
            except lmdb.MapFullError:
                self._evict(databases, self.max_bytes // 2)
            try:
                return put(databases)
            except lmdb.MapFullError:
                message = (
                    f"{len(packed)} rows do not fit into the feature store and are not "
                    f"kept. Raise max_bytes (now {self.max_bytes})."
                )
                warnings.warn(message, StoreWarning, stacklevel=5)
                return 0

        if (self._engine.run(put_or_make_room) or 0) > self.max_bytes:
            self.prune(int(self.max_bytes * _KEEP_FRACTION))

    def count(self, counts: Mapping[str, int], *, used: Sequence[bytes] = ()) -> None:
        """Add to the counters, and note that some rows were used just now."""

        def add(databases: Databases) -> None:
            now = time.time()
            with databases.environment.begin(write=True) as transaction:
                for name, count in counts.items():
                    before = transaction.get(name.encode(), db=databases.meta)
                    total = pack_count(unpack_count(before) + count)
                    transaction.put(name.encode(), total, db=databases.meta)
                for key in used:
                    last = unpack_time(transaction.get(key, db=databases.used))
                    if now - last > _HOUR_S:  # an hour is exact enough for eviction
                        transaction.put(key, pack_time(now), db=databases.used)

        self._engine.run(add)

    def counter(self, name: str) -> int:
        """Value of one counter; 0 if it was never added to."""

        def get(databases: Databases) -> int:
            with databases.environment.begin(db=databases.meta) as transaction:
                return unpack_count(transaction.get(name.encode()))

        return (self._engine.run(get) or 0) if self._engine.exists else 0

    def stats(self) -> dict[str, Any]:
        """Counters over the life of the store, and what it holds.

        Returns
        -------
        stats : dict
            "hits" and "misses" (rows asked for), "images_forwarded" (through a
            network), "rows", "bytes" (in use), "max_bytes" and "path".
        """

        def collect(databases: Databases) -> dict[str, int]:
            with databases.environment.begin() as transaction:
                found = {
                    name: unpack_count(
                        transaction.get(name.encode(), db=databases.meta)
                    )
                    for name in _COUNTERS
                }
                found["rows"] = transaction.stat(databases.rows)["entries"]
                found["bytes"] = databases.bytes_in_use(transaction)
                return found

        found = self._engine.run(collect) if self._engine.exists else None
        counts = found or dict.fromkeys((*_COUNTERS, "rows", "bytes"), 0)
        return {**counts, "max_bytes": self.max_bytes, "path": str(self.path)}

    def prune(self, max_bytes: int) -> int:
        """Evict the rows unused for longest until at most `max_bytes` are in use.

        Returns
        -------
        n_evicted : int
        """
        if not self._engine.exists:
            return 0
        return self._engine.run(lambda found: self._evict(found, max_bytes)) or 0

    def clear(self) -> None:
        """Remove all rows and counters."""

        def drop(databases: Databases) -> None:
            with databases.environment.begin(write=True) as transaction:
                for database in (databases.rows, databases.used, databases.meta):
                    transaction.drop(database, delete=False)

        if self._engine.exists:
            self._engine.run(drop)

    def close(self) -> None:
        """Close the file in this process; the next use opens it again."""
        self._engine.close()

    @contextmanager
    def computing(self, what: str) -> Iterator[None]:
        """Hold the right to compute rows of one configuration, over all processes."""
        self._engine.run(lambda databases: None)  # makes the folder, or warns
        if self._engine.is_disabled:
            yield
            return
        with FileLock(self._engine.folder / f"{what}.lock"):
            yield

    def __repr__(self) -> str:
        return f"FeatureStore({str(self.path)!r})"

    def __deepcopy__(self, memo: dict[int, Any]) -> FeatureStore:
        # sklearn's clone copies parameters: all clones share one store.
        return self

    def __reduce__(self) -> tuple[Callable[..., FeatureStore], tuple[str, int]]:
        return _make_store, (str(self.path), self.max_bytes)

    @staticmethod
    def _evict(databases: Databases, max_bytes: int) -> int:
        with databases.environment.begin(write=True) as transaction:
            excess = databases.bytes_in_use(transaction) - max_bytes
            ages = [(unpack_time(v), k) for k, v in transaction.cursor(databases.used)]
            n_evicted = 0
            for _, key in sorted(ages):
                if excess <= 0:
                    break
                row = transaction.pop(key, db=databases.rows) or b""
                transaction.delete(key, db=databases.used)
                excess -= len(row) + len(key)
                n_evicted += 1
            return n_evicted


def open_store(store: str | Path | FeatureStore | None) -> FeatureStore | None:
    """Turn an estimator's `store` parameter into a store.

    Parameters
    ----------
    store : "default", path, FeatureStore or None
        "default" is the folder named by the environment variable HYBRIDML_STORE, else
        one in the user's cache folder; None is no store.
    """
    if store is None or isinstance(store, FeatureStore):
        return store
    if store == "default":
        return _store_at(default_store_path())
    if isinstance(store, str | Path):
        return _store_at(Path(store))
    expected = "'default', a folder, a FeatureStore or None"
    raise InvalidParameterError(describe("store", store, expected))


def default_store_path() -> Path:
    """Folder of the default store."""
    named = os.environ.get("HYBRIDML_STORE")
    return Path(named) if named else user_cache_path("hybridml") / "store"


@cache
def _store_at(path: Path) -> FeatureStore:
    # One object a path and process: a folder that cannot be used is told of once.
    return FeatureStore(path)


def _make_store(path: str, max_bytes: int) -> FeatureStore:
    return FeatureStore(path, max_bytes=max_bytes)
