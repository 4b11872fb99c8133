"""The files of rows in a dataset: how they are named, written and read."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from hybridml.distributed.configuration import Configuration
from hybridml.distributed.folder import Folder
from hybridml.exceptions import DataError

DIGEST, IMAGE = "digest", "image"
_PREFIX, _SUFFIX = "part-", ".parquet"
_IDENTITY, _FORMAT = b"hybridml.identity", b"hybridml.format"
_OUR_FORMAT = b"1"
_DIGEST_BYTES = 20

Rows = npt.NDArray[np.float32]


class DamagedPartError(DataError):
    """A file of a dataset is not as it was written."""


def part_name(digests: Sequence[bytes]) -> str:
    """Name the file of these images' rows: written twice, it is the same file."""
    content = hashlib.blake2b(b"".join(sorted(digests)), digest_size=16).hexdigest()
    return f"{_PREFIX}{content}{_SUFFIX}"


def part_names(folder: Folder) -> list[str]:
    """Names of the files of rows that are there."""
    names = folder.names()
    return [n for n in names if n.startswith(_PREFIX) and n.endswith(_SUFFIX)]


def write_part(
    folder: Folder,
    name: str,
    configuration: Configuration,
    *,
    digests: Sequence[bytes],
    images: Sequence[str | None],
    rows: Rows,
) -> int:
    """Write the rows of some images, one column a stage.

    Returns
    -------
    n_bytes : int
        Length of the file.
    """
    columns: dict[str, pa.Array] = {
        DIGEST: pa.array(digests, pa.binary(_DIGEST_BYTES)),
        IMAGE: pa.array(images, pa.string()),
    }
    ends = np.cumsum(list(configuration.widths.values()))
    fields = np.split(rows, ends[:-1], axis=1)
    for (stage, width), field in zip(configuration.widths.items(), fields, strict=True):
        numbers = pa.array(np.ascontiguousarray(field).reshape(-1), pa.float32())
        columns[stage] = pa.FixedSizeListArray.from_arrays(numbers, width)
    told = {_IDENTITY: configuration.identity.encode(), _FORMAT: _OUR_FORMAT}
    content = table_bytes(pa.table(columns).replace_schema_metadata(told))
    folder.write(name, content)
    return len(content)


def keep_rows(folder: Folder, name: str, digests: Sequence[bytes]) -> str:
    """Put a part that holds only some of the rows of another in its place.

    Returns
    -------
    name : str
        Of the new part.
    """
    table, kept = read_table(folder, name), set(digests)
    is_kept = pa.array([digest in kept for digest in table[DIGEST].to_pylist()])
    folder.write(part_name(digests), table_bytes(table.filter(is_kept)))
    folder.remove(name)
    return part_name(digests)


def table_bytes(table: pa.Table) -> bytes:
    """Bring a table into the form of a parquet file, with checksums."""
    stream = io.BytesIO()
    pq.write_table(table, stream, use_dictionary=False, write_page_checksum=True)
    return stream.getvalue()


def read_table(
    folder: Folder, name: str, columns: Sequence[str] | None = None
) -> pa.Table:
    """Read columns of a parquet file, and check them.

    Raises
    ------
    DamagedPartError
        If it is not as it was written.
    """
    wanted = None if columns is None else list(columns)
    try:
        with folder.open(name) as stream:
            file = pq.ParquetFile(stream, page_checksum_verification=True)
            table = file.read(columns=wanted)
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError) as exc:
        message = f"{name!r} in {folder.location!r} is damaged ({exc})."
        raise DamagedPartError(message) from exc
    # A stage's name may hold dots, which ask for more columns than meant.
    return table if wanted is None else table.select(wanted)


def read_digests(folder: Folder, name: str) -> tuple[Configuration, list[bytes]]:
    """Read which images a part has rows of, and what they were computed with.

    Raises
    ------
    DamagedPartError
        If it is not as it was written.
    DataError
        If it is no part of a dataset.
    """
    table = read_table(folder, name, [DIGEST])
    told = table.schema.metadata or {}
    if told.get(_FORMAT) != _OUR_FORMAT or _IDENTITY not in told:
        cure = "Choose an empty folder, or one of a former extraction."
        raise DataError(f"{name!r} in {folder.location!r} is no part of ours. {cure}")
    return Configuration(told[_IDENTITY].decode()), table[DIGEST].to_pylist()


def read_rows(
    folder: Folder, name: str, stages: Sequence[str]
) -> tuple[list[bytes], Rows]:
    """Read the rows of a part, the stages side by side.

    Returns
    -------
    digests : list of bytes
    rows : ndarray of shape (n_images, n_features), float32

    Raises
    ------
    DamagedPartError
        If it is not as it was written.
    """
    table = read_table(folder, name, [DIGEST, *stages])
    fields = [_as_matrix(table[stage].combine_chunks()) for stage in stages]
    return table[DIGEST].to_pylist(), np.concatenate(fields, axis=1)


def _as_matrix(column: pa.FixedSizeListArray) -> Rows:
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    numbers = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in chunks]
    width = column.type.list_size
    matrix: Rows = np.concatenate(numbers).reshape(-1, width)
    return matrix
