"""Reading WAV files: the first seconds of one, without warnings on the side."""

from __future__ import annotations

import io
import math
import struct
from typing import Any, BinaryIO

import numpy.typing as npt
from scipy.io import wavfile

from hybridml.exceptions import ImageDecodeError

_UNKNOWN_SIZE = (0xFFFFFFFF, 0x7FFFFFFF)  # written by programs that write into a pipe
_FORM_SIZES = range(16, 1024)
# scipy divides by what a header says, and makes dtypes of it.
_OF_DAMAGE = (ValueError, TypeError, ZeroDivisionError, struct.error)


def read_wav(
    stream: BinaryIO, *, max_duration_s: float | None = None
) -> tuple[npt.NDArray[Any], int]:
    """Read the samples of a WAV file.

    scipy reads the samples, but warns of every chunk that it does not know, and
    warnings cannot be silenced in one thread alone. It therefore gets no such chunks,
    and of a long recording only what is wanted.

    Parameters
    ----------
    stream : binary file
        At its start.
    max_duration_s : float or None, default=None
        Leave what comes later, in seconds.

    Returns
    -------
    samples : ndarray of shape (n_samples,) or (n_samples, n_channels)
        uint8, int16, int32 (also for 24 bits), float32 or float64.
    sample_rate : int
        Samples a second.

    Raises
    ------
    ImageDecodeError
        If it is no WAV file, is compressed or truncated; the message is the reason
        alone.
    """
    kind, order = _read_head(stream)
    form, n_bytes = _find_sound(stream, order)
    bytes_per_s, bytes_per_step = struct.unpack(f"{order}IH", form[8:14])
    if max_duration_s is not None:
        n_steps = math.ceil(max_duration_s * bytes_per_s / max(1, bytes_per_step))
        n_bytes = min(n_bytes, n_steps * bytes_per_step)
    sound = stream.read(n_bytes)
    chunks = b"".join(
        name + struct.pack(f"{order}I", len(content)) + content
        for name, content in ((b"fmt ", form), (b"data", sound))
    )
    size = struct.pack(f"{order}I", 4 + len(chunks))
    plain = io.BytesIO(kind + size + b"WAVE" + chunks)
    try:
        sample_rate, samples = wavfile.read(plain)
    except _OF_DAMAGE as exc:
        raise ImageDecodeError(_first_line(exc)) from exc
    return samples, sample_rate


def _read_head(stream: BinaryIO) -> tuple[bytes, str]:
    head = stream.read(12)
    if not head:
        raise ImageDecodeError("the file is empty")
    orders = {b"RIFF": "<", b"RIFX": ">"}
    if head[:4] not in orders or head[8:] != b"WAVE":
        raise ImageDecodeError("its bytes are no WAV file")
    return head[:4], orders[head[:4]]


def _find_sound(stream: BinaryIO, order: str) -> tuple[bytes, int]:
    """Go to the samples; give the description of their form, and their bytes."""
    form = b""
    while len(head := stream.read(8)) == 8:
        name, size = struct.unpack(f"{order}4sI", head)
        if name == b"data" and form:
            return form, _count_bytes(stream, size)
        if name == b"fmt " and size in _FORM_SIZES:
            form = stream.read(size)
            stream.seek(size % 2, io.SEEK_CUR)
        else:
            stream.seek(size + size % 2, io.SEEK_CUR)
    raise ImageDecodeError("it has no samples: the file is truncated or damaged")


def _count_bytes(stream: BinaryIO, size: int) -> int:
    here = stream.tell()
    n_left = stream.seek(0, io.SEEK_END) - here
    stream.seek(here)
    if size in _UNKNOWN_SIZE:
        return n_left
    if size > n_left:
        raise ImageDecodeError(
            f"the file is truncated: {n_left} of {size} bytes of sound are there"
        )
    return size


def _first_line(exc: Exception) -> str:
    return (str(exc).strip() or type(exc).__name__).splitlines()[0]
