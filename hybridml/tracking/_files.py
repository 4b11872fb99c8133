"""Which files can be recorded."""

from __future__ import annotations

from pathlib import Path

from hybridml._checks import describe


def existing_file(path: str | Path) -> Path:
    """Return `path` if a file is there.

    Raises
    ------
    FileNotFoundError
        If there is none. That is a mistake of the caller's, not of the tracker's.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(describe("path", str(path), "a file that exists"))
    return Path(path)
