"""Running transactions on the feature store's file, whatever has become of it."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import lmdb

from hybridml.exceptions import StoreWarning
from hybridml.features.opening import (
    DAMAGED,
    FULL,
    Databases,
    FileId,
    Transaction,
    file_id,
    file_of,
    forget,
    open_databases,
)

_T = TypeVar("_T")
_N_TRIES = 3
_CURE = "Pass store='another/folder', or set HYBRIDML_STORE."

Work = Callable[[Databases, Transaction], _T]


class Engine:
    """Runs transactions on the databases of one folder.

    A damaged file is set aside with a warning and begun anew. One that cannot be
    written is only read, and one that cannot be used at all is not: one warning says
    so, and from then on what cannot be done returns None.

    Attributes
    ----------
    problem : str or None
        Why nothing can be read or written.
    is_read_only : bool
        Whether writing has been given up.
    """

    def __init__(self, folder: Path, map_bytes: int) -> None:
        self.folder = folder
        self.problem: str | None = None
        self.is_read_only = False
        self._map_bytes = map_bytes

    @property
    def may_exist(self) -> bool:
        """Whether there is something to read, or to complain about."""
        try:
            file_of(self.folder).stat()
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return True

    def read(self, work: Work[_T]) -> _T | None:
        """Run `work` in a transaction that only reads; None where that cannot be.

        Values are memoryviews, valid until `work` returns.
        """
        if not self.may_exist:
            return None

        def within(databases: Databases) -> _T:
            with databases.environment.begin(buffers=True) as transaction:
                return work(databases, transaction)

        try:
            return self._run(within)
        except (lmdb.Error, OSError) as exc:
            self._disable(exc)
        return None

    def write(self, work: Work[_T]) -> _T | None:
        """Run `work` in a transaction that writes; None where that cannot be.

        Raises
        ------
        lmdb.MapFullError, lmdb.TxnFullError
            If there is not as much room; nothing was written.
        """

        def within(databases: Databases) -> _T | None:
            if databases.is_read_only:
                self._stop_writing("it is read-only")
                return None
            with databases.writing() as transaction:
                return work(databases, transaction)

        if self.is_read_only:
            return None
        try:
            return self._run(within)
        except FULL:
            raise
        except (lmdb.Error, OSError) as exc:
            if file_id(self.folder) is None:
                self._disable(exc)
            else:
                self._stop_writing(exc)
        return None

    def close(self) -> None:
        """Close the file in this process; the next use opens it again."""
        opened = forget(self.folder)
        if opened is not None:
            opened.write_waiting()
            opened.environment.close()

    def _run(self, work: Callable[[Databases], _T]) -> _T | None:
        for _ in range(_N_TRIES):
            if self.problem is not None:
                break
            found = file_id(self.folder)
            try:
                return work(open_databases(self.folder, self._map_bytes))
            except lmdb.MapResizedError:  # another process has made the file larger
                opened = open_databases(self.folder, self._map_bytes)
                opened.environment.set_mapsize(0)
            except DAMAGED:
                self._set_aside(found)
        return None

    def _set_aside(self, damaged: FileId | None) -> None:
        forget(self.folder)
        if file_id(self.folder) != damaged:
            return  # another process was faster
        aside = self.folder.with_name(f"damaged-{time.time_ns()}")
        self.folder.rename(aside)
        message = f"The feature store was damaged and is now at {aside}; starting anew."
        warnings.warn(message, StoreWarning, stacklevel=6)

    def _stop_writing(self, reason: object) -> None:
        self.is_read_only = True
        message = (
            f"The feature store in {self.folder.parent} cannot be written ({reason}); "
            f"what it holds is read, nothing is added. {_CURE}"
        )
        warnings.warn(message, StoreWarning, stacklevel=5)

    def _disable(self, reason: Exception) -> None:
        self.problem = str(reason)
        message = (
            f"The feature store in {self.folder.parent} cannot be used ({reason}); "
            f"going on without it. {_CURE}"
        )
        warnings.warn(message, StoreWarning, stacklevel=4)
