"""How any sound becomes one channel of samples at a common rate."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.signal import resample_poly

from hybridml.exceptions import ImageDecodeError
from hybridml.fusion.encoders.audio.wav import read_wav
from hybridml.images.source import open_content

_RATES_HZ = (1_000, 400_000)  # beyond them, it is no sound, or a damaged header


def read_sound(
    sound: Any, *, sample_rate: int, max_duration_s: float | None = None
) -> npt.NDArray[np.float64]:
    """Read a sound, mix its channels, and bring it to a rate.

    Parameters
    ----------
    sound : str, bytes, ndarray or tuple, as `as_sounds` gives them
        An array is taken to have the rate asked for.
    sample_rate : int
        Samples a second that it is brought to.
    max_duration_s : float or None, default=None
        Leave what comes later, in seconds.

    Returns
    -------
    samples : ndarray of shape (n_samples,), float64
        On the scale that they have.

    Raises
    ------
    ImageDecodeError
        If it is missing, empty or unreadable, or has samples that are no numbers; the
        message is the reason alone.

    Examples
    --------
    >>> tone = np.sin(np.arange(800) / 8)
    >>> read_sound((tone, 8_000), sample_rate=16_000).shape
    (1600,)
    """
    samples, own_rate = _load(sound, sample_rate, max_duration_s)
    if not _RATES_HZ[0] <= own_rate <= _RATES_HZ[1] or own_rate % 1:
        raise ImageDecodeError(
            f"its rate is {own_rate} samples a second; expected a whole number from "
            f"{_RATES_HZ[0]} to {_RATES_HZ[1]}"
        )
    mono = _mix(samples)
    if max_duration_s is not None:
        mono = mono[: math.ceil(max_duration_s * own_rate)]
    common = math.gcd(int(own_rate), sample_rate)
    up, down = sample_rate // common, int(own_rate) // common
    resampled: npt.NDArray[np.float64] = resample_poly(mono, up, down)
    return mono if up == down else resampled


def _load(
    sound: Any, sample_rate: int, max_duration_s: float | None
) -> tuple[npt.NDArray[Any], float]:
    if sound is None:
        raise ImageDecodeError("the sound is missing")
    if isinstance(sound, np.ndarray):
        return sound, sample_rate
    if isinstance(sound, tuple):
        return np.asarray(sound[0]), float(sound[1])
    with open_content(sound) as stream:
        try:
            return read_wav(stream, max_duration_s=max_duration_s)
        except OSError as exc:
            raise ImageDecodeError(exc.strerror or str(exc)) from exc


def _mix(samples: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    if samples.ndim not in (1, 2) or samples.shape[-1] > len(samples) > 0:
        raise ImageDecodeError(
            f"its samples have the shape {samples.shape}; expected (n_samples,) or "
            "(n_samples, n_channels)"
        )
    if samples.size == 0:
        raise ImageDecodeError("it has no samples")
    floats = samples.astype(np.float64)
    if not np.isfinite(floats).all():
        raise ImageDecodeError("some of its samples are not finite numbers")
    mixed: npt.NDArray[np.float64] = floats if floats.ndim == 1 else floats.mean(axis=1)
    return mixed
