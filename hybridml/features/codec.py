"""How rows, times, counters and files' digests look as bytes in the store's file."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt

_NUMBER = struct.Struct("<I")

Buffer = bytes | memoryview


@dataclass(frozen=True)
class RowLayout:
    """Where a stored row keeps its fields.

    First the number of fields and the width of each, then a checksum of each, then the
    features side by side. A field can be read and checked without the others.

    Parameters
    ----------
    widths : tuple of int
        Number of columns of each field.
    """

    widths: tuple[int, ...]

    @cached_property
    def head(self) -> bytes:
        """What every row of this layout begins with."""
        return struct.pack(f"<{1 + len(self.widths)}I", len(self.widths), *self.widths)

    @cached_property
    def n_bytes(self) -> int:
        """Length of a row."""
        return self._bounds[-1]

    def pack(self, key: bytes, row: npt.NDArray[np.float32]) -> bytes:
        """Put widths and checksums before the features."""
        data = row.astype("<f4", copy=False).tobytes()
        seed, start = zlib.crc32(key), self._bounds[0]
        sums = [
            zlib.crc32(data[begin - start : end - start], seed)
            for begin, end in pairwise(self._bounds)
        ]
        return self.head + struct.pack(f"<{len(sums)}I", *sums) + data

    def spans(self, wanted: Iterable[int]) -> list[tuple[int, int, int]]:
        """Say where the checksum of each wanted field is, its first byte and its end.

        Returns
        -------
        spans : list of (checksum_at, begin, end)
        """
        first = len(self.head)
        return [(first + 4 * i, self._bounds[i], self._bounds[i + 1]) for i in wanted]

    def pieces(
        self, key: bytes, value: Buffer, spans: Sequence[tuple[int, int, int]]
    ) -> list[Buffer] | None:
        """Cut the fields at `spans` out of a row; None where something is off."""
        # The length comes first: that of a damaged row may lead out of the file.
        if len(value) != self.n_bytes or value[: len(self.head)] != self.head:
            return None
        seed = zlib.crc32(key)
        found: list[Buffer] = []
        for checksum_at, begin, end in spans:
            piece = value[begin:end]
            if (zlib.crc32(piece, seed),) != _NUMBER.unpack_from(value, checksum_at):
                return None
            found.append(piece)
        return found

    @cached_property
    def _bounds(self) -> list[int]:
        start = len(self.head) + 4 * len(self.widths)
        return list(accumulate((4 * width for width in self.widths), initial=start))


def is_sound(key: bytes, value: Buffer) -> bool:
    """Whether a row, of whatever layout, is as it was written."""
    n_fields = _NUMBER.unpack_from(value)[0] if len(value) >= _NUMBER.size else 0
    if not 0 < n_fields <= len(value) // 8:
        return False
    layout = RowLayout(struct.unpack_from(f"<{n_fields}I", value, _NUMBER.size))
    return layout.pieces(key, value, layout.spans(range(n_fields))) is not None


def pack_time(seconds: float) -> bytes:
    """Keep whole seconds since the epoch, so that earlier times compare as smaller."""
    return int(seconds).to_bytes(4, "big")


def unpack_time(value: Buffer) -> int:
    """Return seconds since the epoch."""
    return int.from_bytes(value, "big")


def pack_count(count: int) -> bytes:
    """Keep a counter."""
    return struct.pack("<Q", count)


def unpack_count(value: Buffer | None) -> int:
    """Return a counter; 0 where nothing is kept."""
    if value is None or len(value) != 8:
        return 0
    return int(struct.unpack("<Q", value)[0])
