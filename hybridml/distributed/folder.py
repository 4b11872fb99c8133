"""Where a dataset lies, on a disk or at a URL: files that are there whole or not."""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from filelock import FileLock, Timeout

from hybridml.exceptions import DataError
from hybridml.images.source import is_url

_UNFINISHED = ".unfinished"
_LOCK = ".lock"


class Folder:
    """A folder of files that are each written at once, and never changed.

    Parameters
    ----------
    location : str
        A path, or a URL that fsspec can write.
    """

    def __init__(self, location: str) -> None:
        self.location = location
        self._is_url = is_url(location)
        self._path = Path(location)
        self._files: Any = None
        self._root = ""
        if self._is_url:
            self._files, self._root = _file_system(location)

    def names(self) -> list[str]:
        """Names of the files that are complete, sorted."""
        if self._is_url:
            return self._remote_names()
        if not self._path.is_dir():
            return []
        return sorted(p.name for p in self._path.iterdir() if p.name[0] != ".")

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        if self._is_url:
            self._files.invalidate_cache()
            return bool(self._files.exists(f"{self._root}/{name}"))
        return (self._path / name).exists()

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading."""
        if self._is_url:
            opened: BinaryIO = self._files.open(f"{self._root}/{name}", "rb")
            return opened
        return (self._path / name).open("rb")

    def write(self, name: str, content: bytes) -> None:
        """Write a file, in place of one of the same name; it survives a power cut."""
        if self._is_url:
            self._files.makedirs(self._root, exist_ok=True)
            self._files.pipe_file(f"{self._root}/{name}", content)
            return
        self._path.mkdir(parents=True, exist_ok=True)
        writer = f"{os.getpid()}-{threading.get_ident()}"
        unfinished = self._path / f".{name}.{writer}{_UNFINISHED}"
        try:
            with unfinished.open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            unfinished.replace(self._path / name)
        finally:
            unfinished.unlink(missing_ok=True)
        _sync(self._path)

    def remove(self, name: str) -> None:
        """Remove a file."""
        if self._is_url:
            self._files.rm_file(f"{self._root}/{name}")
        else:
            (self._path / name).unlink(missing_ok=True)

    @contextmanager
    def for_one_writer(self) -> Iterator[None]:
        """Keep other extractions off a folder; at a URL, that is left to the user.

        Raises
        ------
        DataError
            If another extraction is writing to it.
        """
        if self._is_url:
            yield
            return
        self._path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._path / _LOCK, timeout=0)
        try:
            lock.acquire()
        except Timeout as exc:
            message = f"Another extraction is writing to {self.location!r}; let it end."
            raise DataError(message) from exc
        try:
            for left in self._path.glob(f".*{_UNFINISHED}"):
                left.unlink(missing_ok=True)
            yield
        finally:
            lock.release()

    def _remote_names(self) -> list[str]:
        self._files.invalidate_cache()
        try:
            found = self._files.ls(self._root, detail=False)
        except FileNotFoundError:
            return []
        return sorted(str(path).rstrip("/").rpartition("/")[2] for path in found)


def _file_system(url: str) -> tuple[Any, str]:
    from hybridml._optional import require

    require("fsspec", extra="cloud", why=f"The dataset {url!r}")
    files, root = importlib.import_module("fsspec.core").url_to_fs(url)
    return files, str(root).rstrip("/")


def _sync(folder: Path) -> None:
    """Let the file system keep a new name, where a folder can be opened for that."""
    if os.name != "posix":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
