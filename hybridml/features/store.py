"""The feature store: rows of features on disk, by the content of their image."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from hybridml._checks import describe, is_count
from hybridml.exceptions import InvalidParameterError, StoreWarning
from hybridml.features import digest_memo
from hybridml.features.codec import RowLayout
from hybridml.features.counters import add_counts
from hybridml.features.engine import Engine, Work
from hybridml.features.leftovers import leftover_bytes, remove_leftovers
from hybridml.features.opening import FULL, Databases, Transaction, file_id
from hybridml.features.rows import (
    UNSOUND,
    copy_rows,
    evict,
    long_unused,
    note_use,
    put_rows,
    repair_rows,
    unsound_rows,
)

FORMAT = 2
_COUNTERS = ("hits", "misses", "images_forwarded")
_SLACK_BYTES = 128 * 2**20  # for what is kept beside the rows
_KEEP_FRACTION = 0.9

_T = TypeVar("_T")


class FeatureStore:
    """Features of images on disk, each computed once.

    A row belongs to the content of one image and to everything that changes a number
    in it (backbone, weights, cut layers, pooling, preprocessing, precision); where the
    image lies and how it was batched do not matter. It holds several fields, such as
    the pooled stages of a network, each with a checksum that is checked when the field
    is read; what is damaged is a miss. Several processes may share a store.

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
    `StoreWarning` says so once; what is stored is read and nothing is added. A file
    that is damaged as a whole is set aside with a warning.

    The content of files that were not touched since is not read again to find their
    rows: see `digest_images`.

    Only the path is pickled or copied. Counters are kept in the store, over all the
    processes that used it; what another process counted last may be added only when it
    writes again, or ends.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> store = FeatureStore(folder.name)
    >>> store.write([b"key"], np.ones((1, 3), dtype=np.float32), widths=(1, 2))
    >>> out = np.empty((1, 2), dtype=np.float32)
    >>> store.read([b"key"], out, widths=(1, 2), wanted=(1,))
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

    @property
    def problem(self) -> str | None:
        """Why the store cannot be used; None as long as it can."""
        return self._engine.problem

    def digest_images(
        self,
        images: Sequence[Any] | npt.NDArray[Any],
        executor: ThreadPoolExecutor | None = None,
    ) -> tuple[list[bytes | None], dict[int, str]]:
        """Digest many images; files that were not touched since are not read again.

        Parameters
        ----------
        images : sequence or ndarray, as `as_images` returns it
        executor : ThreadPoolExecutor or None, default=None
            Threads to read in. Do not call this method inside one of them.

        Returns
        -------
        digests : list of bytes or None
            In the order given; None for the images that failed.
        failures : dict of {int: str}
            Position of each image that cannot be read, with the reason.
        """
        return digest_memo.digest_images(images, executor, self._engine)

    def read(
        self,
        keys: Sequence[bytes],
        out: npt.NDArray[np.float32],
        *,
        widths: Sequence[int],
        wanted: Sequence[int],
    ) -> npt.NDArray[np.bool_]:
        """Copy fields of stored rows into `out`, side by side.

        Parameters
        ----------
        keys : sequence of bytes
        out : ndarray of shape (n_keys, total width of the wanted fields), float32
            Rows that are not found are left as they are.
        widths : sequence of int
            Number of columns of each field of a row; one stored with others is a miss.
        wanted : sequence of int
            Fields to copy, by position in `widths`, in the order wanted.

        Returns
        -------
        found : ndarray of shape (n_keys,), bool
        """
        is_dense = out.dtype == np.float32 and out.flags.c_contiguous
        dense = out if is_dense else np.empty(out.shape, dtype=np.float32)
        layout = RowLayout(tuple(widths))
        found = self._engine.read(
            lambda d, transaction: copy_rows(
                d, transaction, keys, layout, wanted, dense
            )
        )
        if found is None:
            return np.zeros(len(keys), dtype=bool)
        if not is_dense:
            out[found] = dense[found]
        return found

    def write(
        self,
        keys: Sequence[bytes],
        rows: npt.NDArray[np.float32],
        *,
        widths: Sequence[int],
        counts: Mapping[str, int] | None = None,
    ) -> None:
        """Store rows under their keys, and count them, both or neither.

        Parameters
        ----------
        keys : sequence of bytes
        rows : ndarray of shape (n_keys, total width), float32
        widths : sequence of int
            Number of columns of each field of a row.
        counts : dict of {str: int} or None, default=None
            What to add to the counters.
        """
        layout = RowLayout(tuple(widths))
        dense = np.ascontiguousarray(rows, dtype=np.float32)
        pairs = zip(keys, dense, strict=True)
        packed = {key: layout.pack(key, row) for key, row in pairs}

        def put(databases: Databases, transaction: Transaction) -> int:
            put_rows(databases, transaction, packed)
            add_counts(databases.meta, transaction, counts or {})
            return databases.bytes_in_use(transaction)

        what = f"{len(packed)} rows do"
        if (self._write_in_room(put, what) or 0) > self.max_bytes:
            self.prune(int(self.max_bytes * _KEEP_FRACTION))

    def count(self, counts: Mapping[str, int], *, used: Sequence[bytes] = ()) -> None:
        """Add to the counters, and note that some rows were used just now.

        Within a second of writing to the store, counts wait in memory: they are written
        with what is written next, or when the process ends.
        """

        def look(
            databases: Databases, transaction: Transaction
        ) -> tuple[list[bytes], bool]:
            late = long_unused(databases, transaction, used)
            databases.waiting.add(counts)
            return late, bool(late) or databases.waiting.are_due

        found, what = self._engine.read(look), f"{len(counts)} counts do"
        if found is None:  # there is no file yet
            self._write_in_room(lambda d, t: add_counts(d.meta, t, counts), what)
            return
        late, is_due = found
        if is_due:
            self._write_in_room(lambda d, t: note_use(d, t, late), what)

    def counter(self, name: str) -> int:
        """Value of one counter; 0 if it was never added to."""
        return self._engine.read(lambda d, t: d.count(t, name)) or 0

    def stats(self) -> dict[str, Any]:
        """Counters over the life of the store, and what it holds.

        Returns
        -------
        stats : dict
            "hits" and "misses" (rows asked for), "images_forwarded" (through a
            network), "rows", "bytes" (in use), "leftover_bytes" (of stores in an
            older format, or set aside), "max_bytes" and "path".
        """

        def collect(databases: Databases, transaction: Transaction) -> dict[str, int]:
            found = {name: databases.count(transaction, name) for name in counts}
            found["rows"] = transaction.stat(databases.rows)["entries"]
            found["bytes"] = databases.bytes_in_use(transaction)
            return found

        counts = dict.fromkeys(_COUNTERS, 0)
        held = {**counts, "rows": 0, "bytes": 0} | (self._engine.read(collect) or {})
        return {
            **held,
            "leftover_bytes": leftover_bytes(self.path, FORMAT),
            "max_bytes": self.max_bytes,
            "path": str(self.path),
        }

    def prune(self, max_bytes: int) -> int:
        """Evict the rows unused for longest until at most `max_bytes` are in use.

        Returns
        -------
        n_evicted : int
        """
        if not self._engine.may_exist:
            return 0
        try:
            return self._engine.write(lambda d, t: evict(d, t, max_bytes)) or 0
        except FULL:  # even removing takes some room
            return 0

    def verify(self, *, repair: bool = False) -> dict[str, int]:
        """Check every row.

        Parameters
        ----------
        repair : bool, default=False
            Drop the damaged rows, so that they and no others are computed again.

        Returns
        -------
        found : dict of {str: int}
            Number of "rows", and of those "damaged" (not as they were written),
            "unlisted" (would never be evicted) and "missing" (listed, but not there);
            "set_aside" is 1 if the file was damaged as a whole, and nothing is left.
        """
        before = file_id(self._engine.folder)

        def check(
            databases: Databases, transaction: Transaction
        ) -> tuple[int, dict[str, list[bytes]]]:
            n_rows = transaction.stat(databases.rows)["entries"]
            return n_rows, unsound_rows(databases, transaction)

        n_rows, unsound = self._engine.read(check) or (0, {})
        if repair and any(unsound.values()):
            self._engine.write(lambda d, t: repair_rows(d, t, unsound))
        counts = {kind: len(unsound.get(kind, ())) for kind in UNSOUND}
        is_lost = before not in (None, file_id(self._engine.folder))
        return {"rows": n_rows, **counts, "set_aside": int(is_lost)}

    def clear(self) -> None:
        """Remove all rows and counters, and what older formats and damage left."""

        def drop(databases: Databases, transaction: Transaction) -> None:
            for database in databases.all:
                transaction.drop(database, delete=False)

        if self._engine.may_exist:
            self._engine.write(drop)
        self.remove_leftovers()

    def remove_leftovers(self) -> None:
        """Remove what older formats and damage left; stores in use are not touched."""
        remove_leftovers(self.path, FORMAT)

    def close(self) -> None:
        """Close the file in this process; the next use opens it again."""
        self._engine.close()

    def lock_folder(self) -> Path | None:
        """Folder for the locks of those who compute; None if nothing can be written."""
        is_usable = self._engine.write(lambda d, t: True)  # makes the folder, or warns
        return self._engine.folder if is_usable else None

    def __repr__(self) -> str:
        return f"FeatureStore({str(self.path)!r})"

    def __deepcopy__(self, memo: dict[int, Any]) -> FeatureStore:
        # sklearn's clone copies parameters: all clones share one store.
        return self

    def __reduce__(self) -> tuple[Callable[..., FeatureStore], tuple[str, int]]:
        return _make_store, (str(self.path), self.max_bytes)

    def _write_in_room(self, work: Work[_T], what: str) -> _T | None:
        """Write; where the file is full, evict half of the rows and try again."""
        for is_last_try in (False, True):
            try:
                return self._engine.write(work)
            except FULL:
                if not is_last_try:
                    self.prune(self.max_bytes // 2)
        message = (
            f"{what} not fit into the feature store and are not kept. Raise max_bytes "
            f"(now {self.max_bytes})."
        )
        warnings.warn(message, StoreWarning, stacklevel=3)
        return None


def _make_store(path: str, max_bytes: int) -> FeatureStore:
    return FeatureStore(path, max_bytes=max_bytes)
