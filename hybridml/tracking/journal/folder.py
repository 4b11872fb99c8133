"""A journal's folder: its records, copies of files, and what has become of them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from hybridml.tracking.journal.lines import LineReader

_ABOUT = "about.json"


@dataclass(frozen=True)
class About:
    """Where the records of a journal belong.

    Attributes
    ----------
    tracking_uri : str
        Address of the store, without its password.
    experiment : str
        Name of the experiment.
    timeout_s : float
        How long the store may take to answer.
    began_s : float
        When the journal was begun, in seconds since 1970.
    """

    tracking_uri: str
    experiment: str
    timeout_s: float
    began_s: float


@dataclass(frozen=True)
class JournalFolder:
    """The files of one journal.

    Parameters
    ----------
    path : Path
        The folder.
    """

    path: Path

    @classmethod
    def create(cls, root: Path, about: About) -> JournalFolder:
        """Make a new journal in the folder of all journals, for this user's eyes."""
        began = time.strftime("%Y%m%d-%H%M%S", time.localtime(about.began_s))
        path = root / f"{began}-{uuid4().hex[:8]}"
        path.mkdir(parents=True, mode=0o700)
        (path / _ABOUT).write_text(json.dumps(asdict(about)), encoding="utf-8")
        return cls(path)

    @property
    def about(self) -> About:
        """Where the records belong."""
        return About(**json.loads((self.path / _ABOUT).read_text(encoding="utf-8")))

    @property
    def is_there(self) -> bool:
        """Whether this is the folder of a journal."""
        return (self.path / _ABOUT).is_file()

    @property
    def records(self) -> Path:
        """File of what was told, one JSON object a line."""
        return self.path / "records.jsonl"

    def answers(self, uri: str) -> Path:
        """File of what has become of the records at a store (without password)."""
        if uri == self.about.tracking_uri:
            return self.path / "answers.jsonl"
        digest = hashlib.blake2b(uri.encode(), digest_size=8).hexdigest()
        return self.path / f"answers-{digest}.jsonl"

    def lock(self) -> FileLock:
        """Return the lock that whoever writes or replays the journal holds."""
        return FileLock(self.path / "lock", thread_local=False)

    def turn(self) -> FileLock:
        """Return the lock that the one process that sends the journal holds."""
        return FileLock(self.path / "turn", thread_local=False)

    def keep_file(self, source: Path, name: str) -> str:
        """Copy a file into the journal under a name; return its path inside."""
        folder = self.path / "files" / uuid4().hex[:12]
        folder.mkdir(parents=True)
        shutil.copyfile(source, folder / name)
        return f"files/{folder.name}/{name}"

    def n_bytes(self) -> int:
        """Return the length of the records that are complete."""
        reader = LineReader(self.records)
        reader.read()
        return reader.position

    def n_file_bytes(self) -> int:
        """Return the size of all the copied files."""
        return sum(
            (Path(folder) / name).stat().st_size
            for folder, _, names in os.walk(self.path / "files")
            for name in names
        )

    def remove(self) -> None:
        """Remove all of it; what cannot be removed now does no harm."""
        shutil.rmtree(self.path, ignore_errors=True)

    def remove_if_left(self) -> None:
        """Remove all of it, unless someone writes or replays it."""
        lock = self.lock()
        with contextlib.suppress(Timeout), lock.acquire(timeout=0):
            self.remove()
