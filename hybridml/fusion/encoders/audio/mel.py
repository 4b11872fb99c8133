"""The log-mel spectrogram of a sound: how loud each pitch is, over time."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.signal import ShortTimeFFT, get_window

from hybridml._checks import Problems
from hybridml.fusion.encoders.audio.parameters import check_mel_parameters

Floats = npt.NDArray[np.float64]
_ROUNDING = 1e-9  # samples that differ by a smaller part are constant


def log_mel_spectrogram(
    signal: npt.ArrayLike,
    sample_rate: int,
    *,
    n_mels: int = 40,
    window_s: float = 0.064,
    hop_s: float = 0.01,
    min_frequency_hz: float = 20.0,
    max_frequency_hz: float | None = None,
    top_db: float = 80.0,
) -> npt.NDArray[np.float32]:
    """Compute how loud each mel band of a sound is over time, below the loudest.

    The power in Hann windows is summed by triangles that are equally wide on the mel
    scale and have the same area, and put in decibels below its maximum. How loud the
    sound is as a whole, and a constant added to it, does not matter.

    Parameters
    ----------
    signal : array-like of shape (n_samples,), float or int
        What is shorter than a window is followed by silence.
    sample_rate : int
        Samples a second.
    n_mels : int, default=40
        Number of bands.
    window_s : float, default=0.064
        Length of a window in seconds.
    hop_s : float, default=0.01
        From one window to the next, in seconds. The first is centred on the first
        sample.
    min_frequency_hz, max_frequency_hz : float, default=20.0 and None
        Lower edge of the lowest band and upper edge of the highest; None for half the
        sample rate.
    top_db : float, default=80.0
        What is further below the maximum is raised to this.

    Returns
    -------
    decibels : ndarray of shape (n_mels, n_windows), float32
        From -top_db to 0, low bands first; -top_db everywhere if the signal is
        constant. There are ``1 + n_samples // hop`` windows.

    Raises
    ------
    InvalidParameterError
        If a parameter is wrong.
    ValueError
        If the signal has not one axis, no samples, or some that are no finite numbers.

    References
    ----------
    D. O'Shaughnessy, "Speech Communication: Human and Machine", 1987, p. 150 (the mel
    scale, as HTK has it: 2595 log10(1 + f / 700)). M. Slaney, "Auditory Toolbox,
    Version 2", Interval Research 1998-010 (triangles of equal area).

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(8_000) / 8_000)
    >>> decibels = log_mel_spectrogram(tone, 8_000)
    >>> decibels.shape, int(decibels[:, 50].argmax())
    ((40, 101), 9)
    """
    problems = Problems("log_mel_spectrogram")
    check_mel_parameters(
        problems,
        {
            "sample_rate": sample_rate,
            "n_mels": n_mels,
            "window_s": window_s,
            "hop_s": hop_s,
            "min_frequency_hz": min_frequency_hz,
            "max_frequency_hz": max_frequency_hz,
            "top_db": top_db,
        },
    )
    problems.raise_all()
    samples = _standardise(np.asarray(signal))
    window = get_window("hann", max(2, round(window_s * sample_rate)))
    if len(samples) < len(window):
        samples = np.pad(samples, (0, len(window) - len(samples)))
    top_hz = sample_rate / 2 if max_frequency_hz is None else max_frequency_hz
    edges_hz = mel_edges_hz(n_mels, min_frequency_hz, top_hz)
    # Zeros behind each window make the grid of frequencies so fine that even the
    # narrowest triangle has some on either side.
    n_fft = 1 << math.ceil(
        math.log2(max(len(window), 2 * sample_rate / min(np.diff(edges_hz))))
    )
    hop = max(1, round(hop_s * sample_rate))
    stft = ShortTimeFFT(window, hop=hop, fs=sample_rate, mfft=n_fft, phase_shift=None)
    power = stft.spectrogram(samples, p0=0, p1=1 + len(samples) // hop)
    return _to_decibels(mel_filters(n_fft, sample_rate, edges_hz) @ power, top_db)


def mel_edges_hz(n_mels: int, min_hz: float, max_hz: float) -> tuple[float, ...]:
    """Where the triangles begin, peak and end: ``n_mels + 2`` frequencies.

    Examples
    --------
    >>> [round(edge) for edge in mel_edges_hz(3, 0, 4_000)]
    [0, 427, 1114, 2220, 4000]
    """
    low, high = (2595 * math.log10(1 + hz / 700) for hz in (min_hz, max_hz))
    mels = np.linspace(low, high, n_mels + 2)
    return tuple((700 * (10 ** (mels / 2595) - 1)).tolist())


@lru_cache(maxsize=8)
def mel_filters(n_fft: int, sample_rate: int, edges_hz: tuple[float, ...]) -> Floats:
    """Triangles of equal area over the frequencies of a Fourier transform.

    Parameters
    ----------
    n_fft, sample_rate : int
    edges_hz : tuple of float
        As `mel_edges_hz` gives them.

    Returns
    -------
    filters : ndarray of shape (n_mels, n_fft // 2 + 1)
        Read-only: it is kept for the next call.
    """
    grid_hz = np.fft.rfftfreq(n_fft, 1 / sample_rate)
    edges = np.asarray(edges_hz)[:, np.newaxis]
    left, peak, right = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (
        (grid_hz - left) / (peak - left),
        (right - grid_hz) / (right - peak),
    )
    filters: Floats = np.minimum(rising, falling).clip(min=0) * 2 / (right - left)
    filters.flags.writeable = False
    return filters


def _standardise(signal: npt.NDArray[np.generic]) -> Floats:
    """Centre the samples, and scale them to a peak of 1; zeros if they are constant."""
    if signal.ndim != 1 or signal.size == 0 or signal.dtype.kind not in "buif":
        raise ValueError(
            f"Got signal of shape {signal.shape} and dtype {signal.dtype}; expected "
            "one axis of numbers, at least one."
        )
    samples = signal.astype(np.float64)
    if not np.isfinite(samples).all():
        raise ValueError("Got signal with NaN or infinity; expected finite numbers.")
    largest = np.abs(samples).max()
    if largest == 0:
        return samples
    samples /= largest
    samples -= samples.mean()
    peak = np.abs(samples).max()
    return samples / peak if peak > _ROUNDING else np.zeros_like(samples)


def _to_decibels(power: Floats, top_db: float) -> npt.NDArray[np.float32]:
    loudest = power.max()
    if loudest == 0:
        return np.full(power.shape, -top_db, dtype=np.float32)
    relative = np.maximum(power / loudest, 10 ** (-top_db / 10))
    decibels: npt.NDArray[np.float32] = (10 * np.log10(relative)).astype(np.float32)
    return decibels.clip(-top_db, 0)
