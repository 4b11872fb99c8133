"""JSON lines that one process appends while another one reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple


class Line(NamedTuple):
    """One entry of a file, and the position behind it."""

    entry: dict[str, Any]
    end: int


def append_line(path: Path, entry: Mapping[str, Any]) -> int:
    """Write an entry behind all others, and return the position behind it."""
    with path.open("ab", buffering=0) as file:
        file.write(f"{json.dumps(entry)}\n".encode())  # at once: whole, or not there
        return file.tell()


class LineReader:
    """Reads on where it stopped, as far as lines are complete.

    What is no entry (half a line of a process that was killed) is passed over.

    Parameters
    ----------
    path : Path
        May be missing: then nothing is in it yet.
    position : int, default=0
        Where to begin.
    """

    def __init__(self, path: Path, position: int = 0) -> None:
        self._path = path
        self.position = position

    def read(self) -> list[Line]:
        """Return the entries that came since the last call."""
        try:
            with self._path.open("rb") as file:
                file.seek(self.position)
                content = file.read()
        except FileNotFoundError:
            return []
        lines = content.splitlines(keepends=True)
        found: list[Line] = []
        for line in lines:
            if not line.endswith(b"\n"):
                break
            self.position += len(line)
            entry = _entry(line)
            if entry is not None:
                found.append(Line(entry, self.position))
        return found


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
