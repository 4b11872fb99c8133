"""Sounds as images: WAV files to pictures that a network for photos can look at.

Time runs to the right and pitch upwards, brighter is louder. Nothing in such a picture
looks like a photo: it is what "unlike the pretraining data" means in `no_harm.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.io import wavfile
from scipy.signal import ShortTimeFFT

SECONDS = 0.7  # nine of ten spoken digits are over by then
WINDOW_S, HOP_S = 0.032, 0.004
RANGE_DB = 60.0  # what is quieter than the loudest by more than this is black
N_MELS = 64
SIDE = 224
_SILENCE = 1e-9


@dataclass(frozen=True)
class Recordings:
    """Spectrograms of spoken digits.

    Attributes
    ----------
    images : ndarray of shape (n, SIDE, SIDE), uint8
    digits, speakers : ndarray of shape (n,), str
    """

    images: npt.NDArray[np.uint8]
    digits: npt.NDArray[np.str_]
    speakers: npt.NDArray[np.str_]


def read_spoken_digits(folder: Path) -> Recordings:
    """Read recordings whose files are named DIGIT_SPEAKER_NUMBER.wav, in their order.

    Raises
    ------
    SystemExit
        If the folder holds none.
    """
    paths = sorted(folder.glob("*_*_*.wav"))
    if not paths:
        raise SystemExit(f"There is no file like 7_jackson_0.wav in {folder}.")
    images = np.stack([read_spectrogram(path) for path in paths])
    digits, speakers, _ = zip(*(path.stem.split("_") for path in paths), strict=True)
    return Recordings(images, np.array(digits), np.array(speakers))


def read_spectrogram(path: Path) -> npt.NDArray[np.uint8]:
    """Read a WAV file as `spectrogram_image` draws it."""
    rate_hz, sound = wavfile.read(path)
    return spectrogram_image(sound, rate_hz)


def spectrogram_image(
    sound: npt.NDArray[np.generic], rate_hz: int
) -> npt.NDArray[np.uint8]:
    """Draw the log-mel spectrogram of the first 0.7 seconds of a sound.

    Parameters
    ----------
    sound : ndarray of shape (n_samples,) or (n_samples, n_channels)
        Silence follows where it is shorter; channels are averaged.
    rate_hz : int
        Samples a second.

    Returns
    -------
    image : ndarray of shape (SIDE, SIDE), uint8
        From black, 60 dB below the loudest, to white.

    References
    ----------
    S. Hershey et al., "CNN Architectures for Large-Scale Audio Classification", ICASSP
    2017, section 3 (log-mel spectrograms as the input of networks for photos).
    """
    mono = np.asarray(sound, dtype=np.float64).reshape(len(sound), -1).mean(axis=1)
    n_samples = round(SECONDS * rate_hz)
    padded = np.pad(mono[:n_samples], (0, max(0, n_samples - len(mono))))
    window = np.hanning(round(WINDOW_S * rate_hz))
    stft = ShortTimeFFT(window, hop=round(HOP_S * rate_hz), fs=rate_hz)
    power = stft.spectrogram(padded, p0=0, p1=stft.upper_border_begin(n_samples)[1])
    mels = mel_filters(stft.f, N_MELS) @ power
    loudest = max(mels.max(), _SILENCE)
    decibels = 10 * np.log10(np.maximum(mels / loudest, 10 ** (-RANGE_DB / 10)))
    pixels = ((1 + decibels / RANGE_DB) * 255).round().astype(np.uint8)
    picture = Image.fromarray(pixels[::-1])  # high pitch at the top
    return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def mel_filters(
    frequencies_hz: npt.NDArray[np.float64], n_filters: int
) -> npt.NDArray[np.float64]:
    """Triangles that are equally wide to the ear, of shape (n_filters, n_frequencies).

    Those narrower than the grid of frequencies take the nearest of them.
    """
    top = 2595 * np.log10(1 + frequencies_hz[-1] / 700)
    edges = 700 * (10 ** (np.linspace(0, top, n_filters + 2) / 2595) - 1)
    left, centre, right = (e[:, None] for e in (edges[:-2], edges[1:-1], edges[2:]))
    rising = (frequencies_hz - left) / (centre - left)
    falling = (right - frequencies_hz) / (right - centre)
    filters = np.minimum(rising, falling).clip(min=0)
    nearest = np.abs(frequencies_hz - centre).argmin(axis=1)
    rows = np.arange(n_filters)
    filters[rows, nearest] = np.maximum(filters[rows, nearest], 1e-3)
    return filters / filters.sum(axis=1, keepdims=True)
