"""The log-mel spectrogram equals its definition, and looks at what it should."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.signal.windows import hann

from hybridml import log_mel_spectrogram
from hybridml.exceptions import InvalidParameterError
from hybridml.fusion.encoders.audio.mel import mel_edges_hz, mel_filters

RATE = 4_000
N_FFT = 128  # the first power of two that the bands below need
BANDS = {"n_mels": 8, "min_frequency_hz": 50.0, "max_frequency_hz": 1_900.0}


def tone(hz: float, n_samples: int = 2_000, rate: int = RATE) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(n_samples) / rate)


def noise(n_samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=n_samples)


def slow_spectrogram(
    signal: np.ndarray, n_window: int, hop: int, top_db: float
) -> np.ndarray:
    """Sum sines and triangles one by one, as the definition has it."""
    centred = signal - sum(signal) / len(signal)
    rows = [[0.0] * (1 + len(signal) // hop) for _ in range(BANDS["n_mels"])]
    edges = [hz_of(mel) for mel in np.linspace(mel_of(50), mel_of(1_900), 10)]
    for k in range(len(rows[0])):
        first = k * hop - n_window // 2
        taken = [
            centred[first + i] * (0.5 - 0.5 * math.cos(2 * math.pi * i / n_window))
            if 0 <= first + i < len(centred)
            else 0.0
            for i in range(n_window)
        ]
        for place in range(N_FFT // 2 + 1):
            hz = place * RATE / N_FFT
            angle = 2 * math.pi * place / N_FFT
            real = sum(x * math.cos(angle * i) for i, x in enumerate(taken))
            imaginary = sum(x * math.sin(angle * i) for i, x in enumerate(taken))
            for band in range(BANDS["n_mels"]):
                weight = triangle(hz, *edges[band : band + 3])
                rows[band][k] += weight * (real**2 + imaginary**2)
    loudest = max(map(max, rows))
    return np.array(
        [[max(-top_db, 10 * math.log10(p / loudest)) for p in row] for row in rows]
    )


def triangle(hz: float, left: float, peak: float, right: float) -> float:
    if not left < hz < right:
        return 0.0
    height = 2 / (right - left)
    side = (hz - left) / (peak - left) if hz < peak else (right - hz) / (right - peak)
    return height * side


def mel_of(hz: float) -> float:
    return 2595 * math.log10(1 + hz / 700)


def hz_of(mel: float) -> float:
    return 700 * (10 ** (mel / 2595) - 1)


@pytest.mark.parametrize(("n_samples", "window_s"), [(300, 0.016), (301, 0.017)])
def test_equals_a_slow_implementation(n_samples: int, window_s: float) -> None:
    signal = noise(n_samples) + tone(400, n_samples)
    options: dict[str, Any] = {"window_s": window_s, "hop_s": 0.01, "top_db": 12.0}
    fast = log_mel_spectrogram(signal, RATE, **BANDS, **options)
    slow = slow_spectrogram(signal, round(window_s * RATE), 40, 12.0)
    np.testing.assert_allclose(fast, slow, atol=1e-4)
    assert (slow == -12).any()
    assert (slow > -12).any()


def test_scipy_has_the_window_of_the_definition() -> None:
    periodic = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(9) / 9)
    np.testing.assert_allclose(hann(9, sym=False), periodic, atol=1e-15)


def test_a_higher_tone_is_in_a_higher_band() -> None:
    loudest = [
        log_mel_spectrogram(tone(hz), RATE)[:, 30].argmax()
        for hz in (150, 300, 600, 1_200)
    ]
    assert sorted(set(loudest)) == loudest


def test_a_later_sound_is_further_to_the_right() -> None:
    click = np.zeros(RATE)
    click[3_000] = 1.0
    power = log_mel_spectrogram(click, RATE, hop_s=0.01).max(axis=0)
    assert abs(int(power.argmax()) - 75) <= 2


@pytest.mark.parametrize("gain", [1e-9, 3.0, -1.0, 1e9])
def test_loudness_and_offset_do_not_matter(gain: float) -> None:
    signal = noise(2_000)
    plain = log_mel_spectrogram(signal, RATE)
    np.testing.assert_allclose(
        log_mel_spectrogram(gain * (signal + 5), RATE), plain, atol=1e-3
    )


def test_integers_and_unsigned_bytes_are_samples_too() -> None:
    signal = np.round(100 * tone(440))
    plain = log_mel_spectrogram(signal, RATE)
    for samples in (signal.astype(np.int16), (signal + 128).astype(np.uint8)):
        np.testing.assert_allclose(log_mel_spectrogram(samples, RATE), plain, atol=1e-3)
    np.testing.assert_allclose(
        log_mel_spectrogram(signal.astype(int).tolist(), RATE), plain, atol=1e-3
    )


@pytest.mark.parametrize("value", [0.0, 0.1, -3e5])
def test_constant_signal_is_silence(value: float) -> None:
    decibels = log_mel_spectrogram(np.full(2_000, value), RATE, top_db=60.0)
    assert decibels.shape == (40, 51)
    assert (decibels == -60).all()


@pytest.mark.parametrize("n_samples", [1, 2, 5, 255, 256, 257])
def test_short_signals_have_at_least_the_windows_of_one(n_samples: int) -> None:
    decibels = log_mel_spectrogram(noise(n_samples), RATE)
    assert decibels.shape == (40, 1 + 256 // 40)
    assert decibels.dtype == np.float32
    assert np.isfinite(decibels).all()


def test_values_lie_in_the_range_asked_for() -> None:
    decibels = log_mel_spectrogram(tone(440), RATE, top_db=40.0)
    assert decibels.max() == 0
    assert decibels.min() == -40


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
@pytest.mark.parametrize("n_mels", [2, 40, 128])
def test_no_band_is_empty(rate: int, n_mels: int) -> None:
    decibels = log_mel_spectrogram(noise(rate // 2), rate, n_mels=n_mels)
    assert (decibels.max(axis=1) > -60).all()


def test_triangles_have_the_same_area() -> None:
    filters = mel_filters(4_096, 8_000, mel_edges_hz(20, 100, 3_900))
    areas = filters.sum(axis=1) * 8_000 / 4_096
    np.testing.assert_allclose(areas, 1, rtol=0.01)


def test_signal_is_left_as_it_is() -> None:
    signal = noise(500)
    before = signal.copy()
    log_mel_spectrogram(signal, RATE)
    np.testing.assert_array_equal(signal, before)


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ({"n_mels": 0}, r"Got n_mels=0; expected a whole number >= 2"),
        ({"window_s": 0.0}, r"Got window_s=0\.0; expected seconds above 0"),
        ({"hop_s": -1.0}, r"Got hop_s=-1\.0; expected seconds above 0"),
        ({"top_db": 0}, r"Got top_db=0; expected decibels above 0"),
        ({"max_frequency_hz": 3_000}, r"up to half the sample rate, 2000"),
        ({"min_frequency_hz": 2_500}, r"Got min_frequency_hz=2500; expected from 0"),
        ({"sample_rate": 10}, r"Got sample_rate=10; expected a whole number >= 1000"),
    ],
)
def test_wrong_parameter_is_named(parameter: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        log_mel_spectrogram(**{"signal": [1.0], "sample_rate": RATE} | parameter)


def test_all_wrong_parameters_are_named_at_once() -> None:
    with pytest.raises(InvalidParameterError, match=r"n_mels=1.*top_db=-1"):
        log_mel_spectrogram([0.0], RATE, n_mels=1, top_db=-1)


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        ([], r"Got signal of shape \(0,\)"),
        ([[1.0, 2.0]], r"Got signal of shape \(1, 2\).*expected one axis"),
        (["a"], r"dtype <U1; expected one axis of numbers"),
        ([1.0, math.nan], r"Got signal with NaN or infinity"),
        ([1.0, math.inf], r"Got signal with NaN or infinity"),
    ],
)
def test_wrong_signal_is_refused(signal: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        log_mel_spectrogram(signal, RATE)
