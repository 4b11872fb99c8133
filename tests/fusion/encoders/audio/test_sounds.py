"""Whatever holds sounds becomes one array of them, unread."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hybridml.fusion.encoders.audio.sounds import as_sounds

CLIP = np.arange(5.0)
MIXED = [Path("a/b.wav"), "c.wav", b"RIFF", CLIP, (CLIP, 8_000), None, float("nan")]


def column(elements: list[Any]) -> np.ndarray:
    array = np.empty(len(elements), dtype=object)
    for i, element in enumerate(elements):
        array[i] = element
    return array


@pytest.mark.parametrize(
    "container",
    [
        list,
        tuple,
        column,
        lambda x: column(x)[:, np.newaxis],
        lambda x: pd.Series(column(x), index=range(7, 0, -1)),
        lambda x: pd.DataFrame({"sound": column(x)}),
    ],
)
def test_every_container_gives_the_same_sounds(container: Any) -> None:
    sounds = as_sounds(container(MIXED))
    assert sounds.shape == (7,)
    assert sounds[:3].tolist() == [str(Path("a/b.wav")), "c.wav", b"RIFF"]
    assert sounds[3] is CLIP
    assert sounds[4][0] is CLIP
    assert sounds[4][1] == 8_000
    assert sounds[5:].tolist() == [None, None]


def test_rows_of_numbers_are_sounds() -> None:
    sounds = as_sounds(np.arange(6.0).reshape(2, 3))
    assert [sound.tolist() for sound in sounds] == [[0, 1, 2], [3, 4, 5]]


def test_clips_of_one_length_are_not_stacked() -> None:
    assert as_sounds([CLIP, CLIP]).shape == (2,)


def test_paths_in_a_string_array_or_column_are_paths() -> None:
    for X in (np.array(["a.wav", "b.wav"]), pd.Series(["a.wav", "b.wav"])):
        assert as_sounds(X).tolist() == ["a.wav", "b.wav"]


@pytest.mark.parametrize("empty", [[], np.empty(0), pd.Series([], dtype=object)])
def test_nothing_is_no_sounds(empty: Any) -> None:
    assert as_sounds(empty).shape == (0,)


@pytest.mark.parametrize("single", ["a.wav", b"RIFF", Path("a.wav"), 3, None])
def test_single_sound_is_refused_with_the_cure(single: Any) -> None:
    with pytest.raises(TypeError, match=r"Got X.*expected a sequence.*pass \[X\]"):
        as_sounds(single)


@pytest.mark.parametrize("shape", [(7,), (2, 3, 4)])
def test_array_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"Got X of shape .* and dtype float64"):
        as_sounds(np.zeros(shape))


def test_table_of_several_columns_is_refused() -> None:
    with pytest.raises(ValueError, match=r"2 columns: \['a', 'b'\].*X\[\[name\]\]"):
        as_sounds(pd.DataFrame({"a": ["x"], "b": ["y"]}))


@pytest.mark.parametrize(
    "element", [3, [1.0, 2.0], (8_000, CLIP), np.array(["a", "b"])]
)
def test_element_that_is_no_sound_is_named(element: Any) -> None:
    with pytest.raises(TypeError, match=r"Got X\[1\] of type .*; expected a path"):
        as_sounds(["a.wav", element])
