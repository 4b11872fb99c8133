"""How rows, times and counters look as bytes in the store's file."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt


def pack_row(row: npt.NDArray[np.float32]) -> bytes:
    """Put a checksum before the features."""
    data = row.tobytes()
    return struct.pack("<I", zlib.crc32(data)) + data


def unpack_row(value: memoryview | None) -> npt.NDArray[np.float32] | None:
    """Return the features, or None where there are none or the checksum is off."""
    if value is None or len(value) < 4:
        return None
    (checksum,) = struct.unpack_from("<I", value)
    data = value[4:]
    if zlib.crc32(data) != checksum:
        return None
    return np.frombuffer(data, dtype=np.float32)


def pack_time(seconds: float) -> bytes:
    """Keep whole seconds since the epoch."""
    return struct.pack("<I", int(seconds))


def unpack_time(value: bytes | None) -> int:
    """Return seconds since the epoch; 0 where nothing is kept."""
    return int(struct.unpack("<I", value)[0]) if value else 0


def pack_count(count: int) -> bytes:
    """Keep a counter."""
    return struct.pack("<Q", count)


def unpack_count(value: bytes | None) -> int:
    """Return a counter; 0 where nothing is kept."""
    return int(struct.unpack("<Q", value)[0]) if value else 0
