"""Spectrograms fill a square, each drawn by itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from hybridml.fusion.encoders.audio.drawing import draw_sounds, draw_spectrogram

RATE = 8_000
OPTIONS: dict[str, Any] = {
    "side": 32,
    "sample_rate": RATE,
    "n_mels": 20,
    "window_s": 0.03,
    "hop_s": 0.01,
    "top_db": 60.0,
}


def tone(hz: float, duration_s: float = 0.3) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(round(duration_s * RATE)) / RATE)


def draw(*sounds: Any, **changed: Any) -> tuple[np.ndarray, dict[int, str]]:
    column = np.empty(len(sounds), dtype=object)
    for i, sound in enumerate(sounds):
        column[i] = sound
    options = {"max_duration_s": 1.0, "is_padded": False, "n_workers": 2}
    return draw_sounds(column, **OPTIONS | options | changed)


def test_pitch_goes_up_and_time_to_the_right() -> None:
    rising = np.concatenate([tone(200), tone(3_000)])
    picture = draw_spectrogram(rising, **OPTIONS).astype(float)
    early, late = (
        picture[:, part].mean(axis=1) for part in (slice(3, 13), slice(19, 29))
    )
    assert early.argmax() > 24 > 8 > late.argmax()


def test_louder_is_brighter_and_the_loudest_is_white() -> None:
    swelling = tone(1_000) * np.linspace(0.1, 1, 2_400)
    picture = draw_spectrogram(swelling, **OPTIONS)
    brightness = picture.mean(axis=0)
    assert brightness[4] < brightness[16] < brightness[28]
    assert picture.max() == 255


def test_silence_is_black() -> None:
    assert not draw_spectrogram(np.zeros(500), **OPTIONS).any()


def test_the_same_sound_said_slowly_looks_the_same() -> None:
    swelling = [
        tone(1_000, s) * np.linspace(0.01, 1, round(s * RATE)) for s in (0.5, 1)
    ]
    quick, slow = (draw_spectrogram(s, **OPTIONS).astype(float) for s in swelling)
    assert np.abs(quick - slow).mean() < 4


def test_padded_sounds_keep_the_width_of_a_second() -> None:
    (short, long), _ = draw(tone(500, 0.25), tone(500, 0.9), is_padded=True)
    assert short[:, 20:].max() < 20
    assert long[:, 20:26].max() > 200


def test_padding_behind_an_offset_is_silent() -> None:
    pictures, _ = draw(tone(500, 0.25) + 7, tone(500, 0.25), is_padded=True)
    np.testing.assert_array_equal(*pictures)


def test_a_picture_does_not_depend_on_the_others() -> None:
    sounds = [tone(300), 1e-3 * tone(900, 0.7), None, tone(60)]
    together, failures = draw(*sounds)
    assert failures == {2: "the sound is missing"}
    assert together[2] is None
    for i in (0, 1, 3):
        (alone,), _ = draw(sounds[i], n_workers=1)
        np.testing.assert_array_equal(together[i], alone)


def test_no_sounds_are_no_pictures() -> None:
    pictures, failures = draw()
    assert pictures.shape == (0,)
    assert failures == {}
