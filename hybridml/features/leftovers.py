"""What a feature store leaves behind: older formats, and files that were set aside."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

_FOLDER = re.compile(r"v(\d+)|damaged-\d+")


def leftover_bytes(path: Path, current_format: int) -> int:
    """Size of what is left over in the folder of a store."""
    try:
        folders = _leftovers(path, current_format)
        files = [file for folder in folders for file in folder.rglob("*")]
        return sum(file.stat().st_size for file in files if file.is_file())
    except OSError:  # it may not be looked at, or is being removed
        return 0


def remove_leftovers(path: Path, current_format: int) -> None:
    """Remove what is left over in the folder of a store."""
    for folder in _leftovers(path, current_format):
        shutil.rmtree(folder, ignore_errors=True)


def _leftovers(path: Path, current_format: int) -> list[Path]:
    """List the folders of older formats (newer ones are in use by a newer version)."""
    if not path.is_dir():
        return []
    named = [(_FOLDER.fullmatch(folder.name), folder) for folder in path.iterdir()]
    return [
        folder
        for found, folder in named
        if found and int(found[1] or 0) < current_format
    ]
