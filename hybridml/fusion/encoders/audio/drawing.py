"""From sounds to square pictures of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from hybridml.exceptions import ImageDecodeError
from hybridml.fusion.encoders.audio.mel import log_mel_spectrogram
from hybridml.fusion.encoders.audio.reading import read_sound

Picture = npt.NDArray[np.uint8]


def draw_sounds(
    sounds: npt.NDArray[np.object_],
    *,
    side: int,
    sample_rate: int,
    max_duration_s: float,
    is_padded: bool,
    n_workers: int,
    **options: Any,
) -> tuple[npt.NDArray[np.object_], dict[int, str]]:
    """Read sounds and draw them.

    Parameters
    ----------
    sounds : ndarray of shape (n_sounds,), object
        As `as_sounds` gives them.
    side : int
        Of the pictures, in pixels.
    sample_rate : int
        That all are brought to.
    max_duration_s : float
        Leave what comes later.
    is_padded : bool
        Whether silence follows up to there.
    n_workers : int
        Threads.
    **options
        As `draw_spectrogram` takes them.

    Returns
    -------
    pictures : ndarray of shape (n_sounds,), object
        Arrays of shape (side, side, 3), uint8; None for the sounds that failed.
    failures : dict of {int: str}
        Their positions, with the reasons.
    """
    n_samples = round(max_duration_s * sample_rate) if is_padded else 0

    def draw(sound: Any) -> Picture | str:
        try:
            samples = read_sound(
                sound, sample_rate=sample_rate, max_duration_s=max_duration_s
            )
        except ImageDecodeError as exc:
            return str(exc)
        samples = samples - samples.mean()  # so that zeros are silence
        padded = np.pad(samples, (0, max(0, n_samples - len(samples))))
        return draw_spectrogram(padded, side=side, sample_rate=sample_rate, **options)

    pictures = np.full(len(sounds), None, dtype=object)
    failures: dict[int, str] = {}
    with ThreadPoolExecutor(n_workers, "hybridml") as workers:
        for i, drawn in enumerate(workers.map(draw, sounds)):
            if isinstance(drawn, str):
                failures[i] = drawn
            else:
                pictures[i] = drawn
    return pictures, failures


def draw_spectrogram(
    samples: npt.NDArray[Any], *, side: int, top_db: float, **options: Any
) -> Picture:
    """Draw the log-mel spectrogram of a sound, as wide as high however long it is.

    Time runs to the right and pitch upwards; brighter is louder. Each picture is drawn
    by itself: from black, `top_db` below its loudest, to white.

    Parameters
    ----------
    samples : ndarray of shape (n_samples,)
    side : int
        Of the picture, in pixels.
    top_db : float
    **options
        The other parameters of `log_mel_spectrogram`.

    Returns
    -------
    picture : ndarray of shape (side, side), uint8
    """
    decibels = log_mel_spectrogram(samples, top_db=top_db, **options)
    grey = ((1 + decibels / top_db) * 255).round().astype(np.uint8)
    upright = Image.fromarray(np.ascontiguousarray(grey[::-1]))
    return np.asarray(upright.resize((side, side), Image.Resampling.BICUBIC))
