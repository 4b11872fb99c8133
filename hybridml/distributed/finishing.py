"""The end of an extraction: each image has one row or a reason, and a table says so."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa

from hybridml.distributed.configuration import Configuration
from hybridml.distributed.folder import Folder
from hybridml.distributed.parts import (
    DIGEST,
    IMAGE,
    DamagedPartError,
    keep_rows,
    part_names,
    read_digests,
    table_bytes,
)
from hybridml.exceptions import DataError, StoreWarning

# Readers of parquet folders leave out what begins with an underscore.
IMAGES, MANIFEST = "_images.parquet", "_manifest.json"
PROBLEM = "problem"
_N_READERS = 8

Parts = dict[str, list[bytes]]


def find_rows(folder: Folder) -> tuple[Configuration | None, Parts]:
    """Find the rows that are there; remove files that are damaged.

    Returns
    -------
    configuration : Configuration or None
        None where there are no rows.
    parts : dict of {str: list of bytes}
        Digests of the images whose rows are in each file.

    Raises
    ------
    InvalidParameterError
        If the files are of several configurations.
    """

    def read(name: str) -> tuple[Configuration, list[bytes]] | DamagedPartError:
        try:
            return read_digests(folder, name)
        except DamagedPartError as exc:
            return exc

    names = part_names(folder)
    with ThreadPoolExecutor(_N_READERS) as readers:
        found = list(readers.map(read, names))
    first: Configuration | None = None
    parts: Parts = {}
    for name, part in zip(names, found, strict=True):
        if isinstance(part, DamagedPartError):
            folder.remove(name)
            message = f"{part} It is removed; its rows are computed again."
            warnings.warn(message, StoreWarning, stacklevel=2)
            continue
        configuration, parts[name] = part
        first = first or configuration
        first.check_same(configuration, f"{name!r} in {folder.location!r}")
    return first, parts


def finish(
    folder: Folder,
    *,
    images: Sequence[Any],
    digests: Sequence[bytes | None],
    failures: Mapping[int, str],
    told: Mapping[str, Any],
) -> None:
    """Check that no row is missing or there twice, then write what says so.

    Parameters
    ----------
    folder : Folder
    images : sequence
    digests : sequence of bytes or None
        Of each image.
    failures : mapping of {int: str}
        Positions of the images that have no row, with the reasons.
    told : mapping
        What else the manifest is to say.

    Raises
    ------
    DataError
        If rows are missing. No manifest is written.
    """
    parts = _without_doubles(folder, find_rows(folder)[1])
    there = {digest for found in parts.values() for digest in found}
    missing = [i for i, d in enumerate(digests) if i not in failures and d not in there]
    if missing:
        raise DataError(
            f"{len(missing)} of {len(images)} images have no row in "
            f"{folder.location!r}, the first is image {missing[0]}. The output has to "
            "be a folder that all machines share, or a URL. Run it again."
        )
    folder.write(IMAGES, table_bytes(_image_table(images, digests, failures)))
    manifest = {
        **told,
        "n_images": len(images),
        "n_bad_images": len(failures),
        "n_rows": len(there),
        "parts": {name: len(found) for name, found in parts.items()},
    }
    folder.write(MANIFEST, json.dumps(manifest, indent=1).encode())


def _without_doubles(folder: Folder, parts: Parts) -> Parts:
    """Drop rows that are there twice: of a worker that was given up, but wrote on."""
    seen: set[bytes] = set()
    kept: Parts = {}
    for name, digests in parts.items():
        new = [digest for digest in digests if digest not in seen]
        seen.update(new)
        if len(new) == len(digests):
            kept[name] = digests
        elif new:
            kept[keep_rows(folder, name, new)] = new
        else:
            folder.remove(name)
    return kept


def _image_table(
    images: Sequence[Any],
    digests: Sequence[bytes | None],
    failures: Mapping[int, str],
) -> pa.Table:
    names = [image if isinstance(image, str) else None for image in images]
    problems = [failures.get(i) for i in range(len(images))]
    return pa.table(
        {
            IMAGE: pa.array(names, pa.string()),
            DIGEST: pa.array(digests, pa.binary()),
            PROBLEM: pa.array(problems, pa.string()),
        }
    )
