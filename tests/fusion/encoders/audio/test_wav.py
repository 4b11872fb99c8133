"""WAV files of every kind are read, and damaged ones say what is wrong."""

from __future__ import annotations

import contextlib
import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import wavfile

from hybridml.exceptions import ImageDecodeError
from hybridml.fusion.encoders.audio.wav import read_wav

RATE = 8_000
WAVE = np.sin(np.arange(400) / 5)
SCALED = {
    "uint8": (WAVE * 100 + 128).astype(np.uint8),
    "int16": (WAVE * 30_000).astype(np.int16),
    "int32": (WAVE * 2e9).astype(np.int32),
    "float32": WAVE.astype(np.float32),
    "float64": WAVE,
}


def wav(samples: np.ndarray, rate: int = RATE) -> bytes:
    buffer = io.BytesIO()
    wavfile.write(buffer, rate, samples)
    return buffer.getvalue()


def chunk(name: bytes, content: bytes, order: str = "<") -> bytes:
    padding = b"\0" * (len(content) % 2)
    return name + struct.pack(f"{order}I", len(content)) + content + padding


def form(code: int, n_channels: int, n_bits: int, order: str = "<") -> bytes:
    step = n_channels * n_bits // 8
    return struct.pack(
        f"{order}HHIIHH", code, n_channels, RATE, RATE * step, step, n_bits
    )


def riff(*chunks: bytes, head: bytes = b"RIFF") -> bytes:
    content = b"WAVE" + b"".join(chunks)
    order = "<" if head == b"RIFF" else ">"
    return head + struct.pack(f"{order}I", len(content)) + content


def reason(content: bytes) -> str:
    with pytest.raises(ImageDecodeError) as caught:
        read_wav(io.BytesIO(content))
    return str(caught.value)


@pytest.mark.parametrize("kind", SCALED)
def test_samples_come_back_as_they_were_written(kind: str) -> None:
    samples, rate = read_wav(io.BytesIO(wav(SCALED[kind])))
    assert rate == RATE
    assert samples.dtype == kind
    np.testing.assert_array_equal(samples, SCALED[kind])


def test_24_bits_are_read() -> None:
    values = np.array([0, 1, -1, 2**23 - 1, -(2**23)], dtype=np.int32)
    packed = b"".join(int(v).to_bytes(3, "little", signed=True) for v in values)
    content = riff(chunk(b"fmt ", form(1, 1, 24)), chunk(b"data", packed))
    samples, _ = read_wav(io.BytesIO(content))
    np.testing.assert_array_equal(samples, values * 256)


def test_channels_are_columns() -> None:
    stereo = np.stack([SCALED["int16"], -SCALED["int16"]], axis=1)
    samples, _ = read_wav(io.BytesIO(wav(stereo)))
    np.testing.assert_array_equal(samples, stereo)


def test_big_endian_files_are_read() -> None:
    content = riff(
        chunk(b"fmt ", form(1, 1, 16, ">"), ">"),
        chunk(b"data", SCALED["int16"].astype(">i2").tobytes(), ">"),
        head=b"RIFX",
    )
    samples, _ = read_wav(io.BytesIO(content))
    np.testing.assert_array_equal(samples, SCALED["int16"])


def test_unknown_chunks_are_passed_over_without_a_warning() -> None:
    content = riff(
        chunk(b"junk", b"odd"),
        chunk(b"fmt ", form(1, 1, 16)),
        chunk(b"cue ", b"12345678"),
        chunk(b"data", SCALED["int16"].tobytes()),
        chunk(b"id3 ", b"somebody"),
    )
    samples, _ = read_wav(io.BytesIO(content))
    np.testing.assert_array_equal(samples, SCALED["int16"])


def test_only_the_first_seconds_are_read() -> None:
    stereo = np.stack([SCALED["int16"], -SCALED["int16"]], axis=1)
    samples, _ = read_wav(io.BytesIO(wav(stereo)), max_duration_s=0.01)
    np.testing.assert_array_equal(samples, stereo[:80])


def test_a_file_that_was_written_into_a_pipe_is_read_to_its_end() -> None:
    whole = wav(SCALED["int16"])
    place = whole.index(b"data") + 4
    unknown = whole[:place] + b"\xff" * 4 + whole[place + 4 :]
    samples, _ = read_wav(io.BytesIO(unknown))
    np.testing.assert_array_equal(samples, SCALED["int16"])


def test_damaged_files_say_what_is_wrong() -> None:
    whole = wav(SCALED["int16"])
    assert reason(b"") == "the file is empty"
    assert reason(b"ID3\4" + whole) == "its bytes are no WAV file"
    assert reason(whole[:20]) == "it has no samples: the file is truncated or damaged"
    assert reason(whole[:-100]) == (
        "the file is truncated: 700 of 800 bytes of sound are there"
    )
    compressed = riff(chunk(b"fmt ", form(6, 1, 8)), chunk(b"data", b"12345678"))
    assert reason(compressed).startswith("Unknown wave file format: ALAW")


@settings(max_examples=100, deadline=None)
@given(
    place=st.integers(0, 60),
    replaced=st.binary(min_size=1, max_size=8),
    kind=st.sampled_from(sorted(SCALED)),
)
def test_a_damaged_header_is_read_or_refused(
    place: int, replaced: bytes, kind: str
) -> None:
    content = bytearray(wav(SCALED[kind]))
    content[place : place + len(replaced)] = replaced
    with contextlib.suppress(ImageDecodeError):
        samples, _ = read_wav(io.BytesIO(bytes(content)))
        assert samples.ndim in (1, 2)
