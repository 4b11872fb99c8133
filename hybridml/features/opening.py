"""Opening the file under the feature store: LMDB, once a process and file."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import lmdb

from hybridml.features.counters import WaitingCounts, add_counts, read_count

DAMAGED = (
    lmdb.BadTxnError,
    lmdb.CorruptedError,
    lmdb.CursorFullError,
    lmdb.IncompatibleError,
    lmdb.InvalidError,
    lmdb.PageNotFoundError,
    lmdb.ProblemError,
    lmdb.VersionMismatchError,
)
FULL = (lmdb.MapFullError, lmdb.TxnFullError)
_NAMES = (b"rows", b"used", b"meta", b"digests")
_MAX_READERS = 1024

FileId = tuple[int, int]
Transaction = lmdb.Transaction


@dataclass(frozen=True)
class Databases:
    """An open environment and its databases."""

    environment: lmdb.Environment
    file_id: FileId | None
    inodes: frozenset[FileId]  # of the file and its lock
    is_read_only: bool
    rows: Any  # key -> fields of features, each with its checksum
    used: Any  # key -> when the row was last used
    meta: Any  # counters
    digests: Any  # path -> what the file was, and the digest of its content
    waiting: WaitingCounts = field(default_factory=WaitingCounts, kw_only=True)

    @property
    def all(self) -> tuple[Any, ...]:
        """Every database."""
        return (self.rows, self.used, self.meta, self.digests)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Begin a transaction that writes, and first the counts that wait."""
        counts = self.waiting.take()
        try:
            with self.environment.begin(write=True) as transaction:
                add_counts(self.meta, transaction, counts)
                yield transaction
        except BaseException:
            self.waiting.add(counts)
            raise

    def count(self, transaction: Transaction, name: str) -> int:
        """Value of a counter, with what this process has not written yet."""
        return read_count(self.meta, transaction, name) + self.waiting[name]

    def write_waiting(self) -> None:
        """Write the counts that wait; they are lost where that cannot be."""
        if self.waiting:
            with suppress(lmdb.Error), self.writing():
                pass

    def bytes_in_use(self, transaction: lmdb.Transaction) -> int:
        """Bytes of the pages that hold rows; the file itself never shrinks."""
        stat = transaction.stat(self.rows)
        pages = stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]
        return int(pages * stat["psize"])


_open: dict[tuple[int, str], Databases] = {}
_lock = threading.Lock()


def file_of(folder: Path) -> Path:
    """File that LMDB keeps in a folder."""
    return folder / "data.mdb"


def file_id(folder: Path) -> FileId | None:
    """Which file lies in the folder now; None where there is none, or none is seen."""
    return _id_of(file_of(folder))


def open_databases(folder: Path, map_bytes: int) -> Databases:
    """Open a folder, or return what this process has open.

    LMDB allows one handle a process and file, and none may be carried over a fork. A
    file that was removed or replaced meanwhile is opened anew.
    """
    key = _key(folder)
    with _lock:
        if key in _open and _open[key].file_id != file_id(folder):
            del _open[key]
        if key not in _open:
            _forget_same_inodes(folder)
            _open[key] = _open_anew(folder, map_bytes)
        return _open[key]


def forget(folder: Path) -> Databases | None:
    """Have the next use open the folder anew; return what was open."""
    with _lock:
        return _open.pop(_key(folder), None)


@atexit.register
def _write_waiting() -> None:
    """Write at the end of the process what still waits then."""
    for (pid, folder), opened in list(_open.items()):
        if pid == os.getpid() and opened.file_id == file_id(Path(folder)):
            opened.write_waiting()


def _forget_same_inodes(folder: Path) -> None:
    """Drop the handles of removed files whose inodes the folder's files were given.

    To LMDB a file is its inode: those here would seem to be open already.
    """
    found = _ids_in(folder)
    for (pid, other), opened in list(_open.items()):
        if pid == os.getpid() and found & opened.inodes:
            del _open[pid, other]


def _open_anew(folder: Path, map_bytes: int) -> Databases:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _open_in(folder, map_bytes)
    except DAMAGED:
        raise
    except (lmdb.Error, OSError):
        if file_id(folder) is None:
            raise
        return _open_to_read(folder, map_bytes)


def _open_to_read(folder: Path, map_bytes: int) -> Databases:
    try:
        return _open_in(folder, map_bytes, readonly=True)
    except DAMAGED:
        raise
    except lmdb.Error:  # the lock file cannot be written either
        return _open_in(folder, map_bytes, readonly=True, lock=False)


def _open_in(folder: Path, map_bytes: int, **options: bool) -> Databases:
    # A row lost to a power cut is computed again: no need to wait for the disk.
    environment = lmdb.open(
        str(folder),
        map_size=map_bytes,
        max_dbs=len(_NAMES),
        max_readers=_MAX_READERS,
        metasync=False,
        **options,
    )
    try:
        is_read_only = "readonly" in options
        _fill_up(environment, file_of(folder), is_read_only)
        if not is_read_only:
            environment.reader_check()  # killed readers would keep old pages for ever
        opened = [environment.open_db(n, create=not is_read_only) for n in _NAMES]
        found = file_id(folder), _ids_in(folder)
        return Databases(environment, *found, is_read_only, *opened)
    except BaseException:
        environment.close()
        raise


def _fill_up(environment: lmdb.Environment, file: Path, is_read_only: bool) -> None:
    """Give a file that was cut off its length back; zeros are seen to be damage.

    Reading behind the end of a mapped file kills the process. A file may also be
    shorter than its last page with nothing lost, so that is no reason to drop it.
    """
    if file.stat().st_size >= _n_bytes(environment):
        return
    if is_read_only:
        raise lmdb.CorruptedError("the file was cut off")
    with environment.begin(write=True):  # nobody else makes it longer meanwhile
        n_bytes = _n_bytes(environment)
        if file.stat().st_size < n_bytes:
            os.truncate(file, n_bytes)


def _n_bytes(environment: lmdb.Environment) -> int:
    n_pages = environment.info()["last_pgno"] + 1
    return int(n_pages * environment.stat()["psize"])


def _key(folder: Path) -> tuple[int, str]:
    return (os.getpid(), str(folder.resolve()))


def _ids_in(folder: Path) -> frozenset[FileId]:
    files = (file_of(folder), folder / "lock.mdb")
    return frozenset(found for file in files if (found := _id_of(file)))


def _id_of(file: Path) -> FileId | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino)
