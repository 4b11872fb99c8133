"""Reading a manifest's file into a table, and saying what is wrong with it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from hybridml._checks import describe, list_names
from hybridml.exceptions import DataError
from hybridml.images.tree import check_exists

_SEPARATORS = {".csv": ",", ".tsv": "\t"}
_PACKED = {".gz", ".bz2", ".zip", ".xz", ".zst"}
_PARQUET = {".parquet", ".pq"}
_EXPECTED = "a .csv, .tsv or .parquet file"


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV, TSV or Parquet file of at least one row.

    Raises
    ------
    DataError
        If the file is missing, of another format, unreadable or without rows, or if
        two of its columns have one name.
    """
    check_exists(path, expected=_EXPECTED)
    suffixes = [suffix.lower() for suffix in path.suffixes]
    suffix = next((s for s in reversed(suffixes) if s not in _PACKED), "")
    if not path.is_file() or suffix not in {*_SEPARATORS, *_PARQUET}:
        raise DataError(describe("path", str(path), _EXPECTED))
    try:
        table = _read(path, suffix)
    except DataError:
        raise
    except UnicodeDecodeError as exc:
        cure = "Save it in that encoding."
        raise DataError(describe("path", str(path), "a table in UTF-8", cure)) from exc
    except (ValueError, OSError) as exc:  # those of pandas and pyarrow are among them
        reason = str(exc).splitlines()[0] if str(exc) else type(exc).__name__
        raise DataError(describe("path", str(path), _EXPECTED, reason)) from exc
    if table.empty:
        raise DataError(describe("path", str(path), "a table of at least one row"))
    return table


def _read(path: Path, suffix: str) -> pd.DataFrame:
    if suffix in _PARQUET:
        return _read_parquet(path)
    options: dict[str, Any] = {"sep": _SEPARATORS[suffix], "encoding": "utf-8-sig"}
    # Read on its own, since pandas would rename columns of one name.
    header = pd.read_csv(path, header=None, nrows=1, dtype=str, **options)
    _check_unique(list(header.iloc[0].dropna()), path)
    table: pd.DataFrame = pd.read_csv(
        path, index_col=False, low_memory=False, **options
    )
    return table


def _read_parquet(path: Path) -> pd.DataFrame:
    import pyarrow.parquet

    _check_unique(pyarrow.parquet.read_schema(path).names, path)
    table = pd.read_parquet(path)
    # An index that has a name is a column; one that has none only counts the rows.
    has_name = any(name is not None for name in table.index.names)
    return table.reset_index(drop=not has_name)


def _check_unique(names: list[str], path: Path) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        finding = f"More than one is called {list_names(twice)}."
        raise DataError(describe("path", str(path), "columns of unlike names", finding))
