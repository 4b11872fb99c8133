"""Where the files are that a manifest names, and which of them are missing."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from hybridml.exceptions import DataError, HybridMLWarning
from hybridml.images.source import is_url
from hybridml.images.tree import check_exists

_N_NAMED = 5


def locate_all(
    values: pd.Series[Any], beside: Path, folder: str | Path | None
) -> list[str | None]:
    """Join the names of a column to the folder they start from; all have to exist.

    Parameters
    ----------
    values : Series
        Paths or URLs; missing ones become None.
    beside : Path
        Folder of the manifest.
    folder : str, Path or None
        Where relative paths start, if it was given.

    Raises
    ------
    DataError
        If files do not exist.
    """
    start, files = _locate(values, beside, folder)
    absent = _find_absent(files)
    if absent:
        raise DataError(
            f"{_tell(values, absent, str(start))}; image_folder names another."
        )
    return files


def locate_present(
    values: pd.Series[Any], beside: Path, folder: str | Path | None
) -> list[str | None]:
    """Join the names of a column to the folder they start from, None for missing files.

    Parameters
    ----------
    values, beside, folder
        As in `locate_all`.

    Raises
    ------
    DataError
        If none of the files exists: the folder must be wrong.
    """
    start, files = _locate(values, beside, folder)
    absent = set(_find_absent(files))
    if not absent:
        return files
    told = _tell(values, [file for file in files if file in absent], str(start))
    present = [None if file in absent else file for file in files]
    if not any(present):
        raise DataError(f"{told}; image_folder names another. None exists.")
    warnings.warn(f"{told}. They count as missing.", HybridMLWarning, stacklevel=3)
    return present


def _locate(
    values: pd.Series[Any], beside: Path, given: str | Path | None
) -> tuple[Path, list[str | None]]:
    start = _choose_folder(values, beside, given)
    return start, [
        None if missing else value if is_url(str(value)) else str(start / str(value))
        for value, missing in zip(values.astype(object), values.isna(), strict=True)
    ]


def _choose_folder(
    values: pd.Series[Any], beside: Path, given: str | Path | None
) -> Path:
    if given is not None:
        check_exists(Path(given), expected="a folder of images")
        return Path(given)
    for folder in (beside, beside / "images"):
        if any((folder / str(value)).is_file() for value in values.dropna()):
            return folder
    return beside


def _find_absent(files: Sequence[str | None]) -> list[str]:
    known = [file for file in files if file is not None and not is_url(file)]
    return [file for file in known if not Path(file).is_file()]


def _tell(values: pd.Series[Any], absent: Sequence[str], start: str) -> str:
    named = ", ".join(repr(file) for file in absent[:_N_NAMED])
    n_more = len(absent) - _N_NAMED
    return (
        f"Column {str(values.name)!r} names {len(absent)} files that do not exist: "
        f"{named}{f' and {n_more} more' if n_more > 0 else ''}. Relative paths start "
        f"from {start!r}"
    )
