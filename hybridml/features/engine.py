"""The file under the feature store: LMDB, opened once a process, never fatal."""

from __future__ import annotations

import os
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import lmdb

from hybridml.exceptions import StoreWarning

_T = TypeVar("_T")
_DAMAGED = (lmdb.CorruptedError, lmdb.InvalidError, lmdb.PageNotFoundError)
_N_TRIES = 3

_open: dict[tuple[int, str], Databases] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Databases:
    """An open environment and its three databases."""

    environment: lmdb.Environment
    rows: Any  # key -> checksum and features
    used: Any  # key -> when the row was last used
    meta: Any  # counters

    def bytes_in_use(self, transaction: lmdb.Transaction) -> int:
        """Bytes of the pages that hold rows; the file itself never shrinks."""
        stat = transaction.stat(self.rows)
        pages = stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]
        return int(pages * stat["psize"])


class Engine:
    """Runs transactions on the databases of one folder.

    A damaged file is set aside with a warning and begun anew. Where the folder cannot
    be used at all, one warning says so and every call from then on returns None.
    """

    def __init__(self, folder: Path, map_bytes: int) -> None:
        self.folder = folder
        self.is_disabled = False
        self._map_bytes = map_bytes

    @property
    def exists(self) -> bool:
        """Whether something has been written to the folder."""
        return (self.folder / "data.mdb").exists()

    def run(self, work: Callable[[Databases], _T]) -> _T | None:
        """Run `work` on the open databases; None where they cannot be used."""
        for _ in range(_N_TRIES):
            if self.is_disabled:
                break
            try:
                return work(_open_databases(self.folder, self._map_bytes))
            except lmdb.MapResizedError:  # another process has made the file larger
                opened = _open_databases(self.folder, self._map_bytes)
                opened.environment.set_mapsize(0)
            except _DAMAGED:
                self._set_aside()
            except (lmdb.Error, OSError) as exc:
                self._disable(exc)
        return None

    def close(self) -> None:
        """Close the file in this process; the next use opens it again."""
        with _lock:
            opened = _open.pop(_key(self.folder), None)
        if opened is not None:
            opened.environment.close()

    def _set_aside(self) -> None:
        self.close()
        aside = self.folder.with_name(f"damaged-{time.time_ns()}")
        try:
            self.folder.rename(aside)
        except OSError as exc:
            self._disable(exc)
            return
        message = f"The feature store was damaged and is now at {aside}; starting anew."
        warnings.warn(message, StoreWarning, stacklevel=4)

    def _disable(self, reason: Exception) -> None:
        self.is_disabled = True
        message = (
            f"The feature store in {self.folder.parent} cannot be used ({reason}); "
            "going on without it. Pass store='another/folder', or set HYBRIDML_STORE."
        )
        warnings.warn(message, StoreWarning, stacklevel=4)


def _open_databases(folder: Path, map_bytes: int) -> Databases:
    """Open a folder, or return what this process has open.

    LMDB allows one handle a process and file, and none may be carried over a fork.
    """
    key = _key(folder)
    with _lock:
        if key not in _open:
            folder.mkdir(parents=True, exist_ok=True)
            # A row lost to a power cut is computed again: no need to wait for the disk.
            environment = lmdb.open(
                str(folder), map_size=map_bytes, max_dbs=3, metasync=False
            )
            names = (b"rows", b"used", b"meta")
            opened = (environment.open_db(name) for name in names)
            _open[key] = Databases(environment, *opened)
        return _open[key]


def _key(folder: Path) -> tuple[int, str]:
    return (os.getpid(), str(folder.resolve()))
