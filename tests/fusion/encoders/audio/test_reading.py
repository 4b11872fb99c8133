"""Every sound becomes one channel at the rate asked for."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import wavfile

from hybridml.exceptions import ImageDecodeError
from hybridml.fusion.encoders.audio.reading import read_sound

RATE = 8_000


def tone(rate: int, duration_s: float = 0.25, hz: float = 440.0) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(round(duration_s * rate)) / rate)


def wav(samples: np.ndarray, rate: int = RATE) -> bytes:
    buffer = io.BytesIO()
    wavfile.write(buffer, rate, samples)
    return buffer.getvalue()


def reason(sound: Any) -> str:
    with pytest.raises(ImageDecodeError) as caught:
        read_sound(sound, sample_rate=RATE)
    return str(caught.value)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 44_100, 48_000])
def test_sounds_of_all_rates_become_the_same(rate: int) -> None:
    read = read_sound((tone(rate), rate), sample_rate=RATE)
    expected = tone(RATE)
    assert abs(len(read) - len(expected)) <= 1
    middle = slice(200, 1_800)  # the ends ring
    np.testing.assert_allclose(read[middle], expected[middle], atol=0.01)


def test_what_the_lower_rate_cannot_hold_is_filtered_out() -> None:
    read = read_sound((tone(48_000, hz=7_000), 48_000), sample_rate=RATE)
    assert np.abs(read[200:-200]).max() < 0.01


def test_an_array_has_the_rate_asked_for() -> None:
    np.testing.assert_array_equal(read_sound(tone(RATE), sample_rate=RATE), tone(RATE))


def test_a_file_its_bytes_and_its_samples_agree(tmp_path: Path) -> None:
    samples = (tone(11_025) * 20_000).astype(np.int16)
    content = wav(samples, 11_025)
    path = tmp_path / "tone.wav"
    path.write_bytes(content)
    expected = read_sound((samples, 11_025), sample_rate=RATE)
    for sound in (str(path), content):
        np.testing.assert_array_equal(read_sound(sound, sample_rate=RATE), expected)


def test_channels_are_averaged() -> None:
    left, right = tone(RATE), tone(RATE, hz=600)
    for sound in (np.stack([left, right], axis=1),):
        mixed = read_sound(sound, sample_rate=RATE)
        np.testing.assert_allclose(mixed, (left + right) / 2)


def test_channels_of_large_integers_do_not_overflow() -> None:
    stereo = np.full((9, 2), 30_000, dtype=np.int16)
    assert read_sound(stereo, sample_rate=RATE).tolist() == [30_000] * 9


@pytest.mark.parametrize("form", ["array", "tuple", "bytes"])
def test_what_comes_late_is_left(form: str) -> None:
    samples = tone(16_000).astype(np.float32)
    sound = {
        "array": samples,
        "tuple": (samples, 16_000),
        "bytes": wav(samples, 16_000),
    }
    read = read_sound(sound[form], sample_rate=16_000, max_duration_s=0.1)
    np.testing.assert_array_equal(read, samples[:1_600])


def test_bad_sounds_say_what_is_wrong(tmp_path: Path) -> None:
    assert reason(None) == "the sound is missing"
    assert reason(str(tmp_path / "no.wav")) == "there is no such file"
    assert reason(str(tmp_path)) == "it is a folder"
    assert reason(b"") == "the file is empty"
    assert reason(np.zeros(0)) == "it has no samples"
    assert reason(np.zeros((0, 2))) == "it has no samples"
    assert reason(wav(np.zeros(0, dtype=np.int16))) == "it has no samples"
    assert (
        reason(np.array([0.0, np.nan])) == "some of its samples are not finite numbers"
    )
    assert reason(np.zeros((2, 800))).startswith("its samples have the shape (2, 800)")
    assert reason(np.zeros((9, 2, 2))).startswith(
        "its samples have the shape (9, 2, 2)"
    )
    for rate in (7, 2**31, 8_000.5):
        assert reason((np.zeros(9), rate)).startswith(
            f"its rate is {float(rate)} samples"
        )
