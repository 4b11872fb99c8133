from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from hybridml.images import as_images

Noise = Callable[..., Any]


def test_mixed_kinds_become_an_object_array(noise: Noise) -> None:
    pil, array = Image.new("L", (2, 3)), noise(4, 5)
    images = as_images([Path("a.jpg"), "b.jpg", b"bytes", pil, array, None])
    assert images.dtype == object
    assert images.shape == (6,)
    assert list(images[:3]) == ["a.jpg", "b.jpg", b"bytes"]
    assert images[3] is pil
    assert images[4] is array
    assert images[5] is None


def test_equal_arrays_in_a_list_are_not_stacked(noise: Noise) -> None:
    images = as_images([noise(4, 5, 3), noise(4, 5, 3)])
    assert images.shape == (2,)
    assert images[0].shape == (4, 5, 3)


@pytest.mark.parametrize("shape", [(2, 4, 5), (2, 4, 5, 1), (2, 4, 5, 3), (0, 4, 5, 4)])
def test_a_stack_is_kept_without_a_copy(shape: tuple[int, ...]) -> None:
    stack = np.zeros(shape, dtype=np.uint8)
    assert as_images(stack) is stack


PATHS = ["a.jpg", "b.jpg"]


@pytest.mark.parametrize(
    "container",
    [
        PATHS,
        tuple(PATHS),
        np.array(PATHS),
        np.array(PATHS, dtype=object),
        np.array(PATHS, dtype=object)[:, None],
        np.array(PATHS)[:, None],
        pd.Series(PATHS, index=[7, 3]),
        pd.Series(PATHS, dtype="category"),
        pd.Series(PATHS, dtype="string"),
        pd.DataFrame({"image": PATHS}, index=["x", "y"]),
        pd.Index(PATHS),
        pd.array(PATHS, dtype="string"),
    ],
    ids=lambda container: type(container).__name__,
)
def test_every_container_gives_the_same_images(container: Any) -> None:
    images = as_images(container)
    assert images.dtype == object
    assert images.tolist() == PATHS
    assert all(type(image) is str for image in images)


@pytest.mark.parametrize(
    "container",
    [
        [],
        np.array([]),
        pd.Series([], dtype=object),
        pd.DataFrame({"image": []}),
        np.empty((0, 1)),
    ],
    ids=lambda container: type(container).__name__,
)
def test_nothing_gives_an_empty_array(container: Any) -> None:
    images = as_images(container)
    assert images.shape == (0,)
    assert images.dtype == object


@pytest.mark.parametrize("missing", [None, float("nan"), np.nan, pd.NA, pd.NaT])
def test_missing_images_become_none(missing: Any) -> None:
    assert as_images(["a.jpg", missing]).tolist() == ["a.jpg", None]
    in_series = as_images(pd.Series(["a.jpg", missing], dtype=object))
    assert in_series.tolist() == ["a.jpg", None]


def test_a_series_without_any_image_is_all_missing() -> None:
    assert as_images(pd.Series([np.nan, np.nan])).tolist() == [None, None]


def test_the_input_is_not_changed() -> None:
    column = np.array([Path("a.jpg"), None], dtype=object)
    images = as_images(column)
    images[0] = "changed"
    assert column[0] == Path("a.jpg")
    assert column[1] is None


@pytest.mark.parametrize(
    ("single", "shown"),
    [
        ("a.jpg", "X='a.jpg'"),
        (Path("a.jpg"), "Path"),
        (b"bytes", "X of type bytes"),
        (bytearray(b"bytes"), "X of type bytearray"),
        (Image.new("L", (2, 2)), "X of type Image"),
    ],
)
def test_a_single_image_is_refused_with_the_cure(single: Any, shown: str) -> None:
    with pytest.raises(TypeError, match=rf"{shown}.* Wrap it in a list: \[X\]"):
        as_images(single)


@pytest.mark.parametrize("X", [{"a.jpg"}, (p for p in ["a.jpg"]), {"a": 1}, 5, None])
def test_what_has_no_order_or_length_is_refused(X: Any) -> None:
    with pytest.raises(TypeError, match=r"Got X of type \w+; expected a sequence"):
        as_images(X)


def test_an_element_that_is_no_image_is_named() -> None:
    with pytest.raises(TypeError, match=r"Got X\[1\] of type int; expected a path"):
        as_images(["a.jpg", 5])


def test_a_frame_of_two_columns_is_refused() -> None:
    frame = pd.DataFrame({"image": ["a.jpg"], "label": [1]})
    with pytest.raises(ValueError, match=r"2 columns: \['image', 'label'\]"):
        as_images(frame)


@pytest.mark.parametrize(
    ("X", "cure"),
    [
        (np.zeros((5, 7)), r"shape \(5, 7\) and dtype float64"),
        (np.zeros(5), r"shape \(5,\)"),
        (np.zeros((2, 3, 8, 8)), r"pass X.transpose\(0, 2, 3, 1\)"),
        (np.zeros((64, 48, 3)), r"like one colour image: pass X\[np.newaxis\]"),
        (np.zeros((2, 4, 4), dtype=complex), "dtype complex128"),
        (np.array([["a", "b"]], dtype=object), r"shape \(1, 2\)"),
    ],
)
def test_arrays_of_other_shapes_are_refused(X: Any, cure: str) -> None:
    with pytest.raises(ValueError, match=cure):
        as_images(X)


def test_fixed_width_bytes_are_refused_since_they_lose_zeros() -> None:
    with pytest.raises(ValueError, match="drops the zero bytes"):
        as_images(np.array([b"ab\0"]))


def test_stacks_of_many_channels_pass_only_when_asked_for() -> None:
    stack = np.zeros((2, 20, 30, 6), dtype=np.uint8)
    assert as_images(stack, channels=6) is stack
    with pytest.raises(ValueError, match="in_channels=6 takes such images"):
        as_images(stack)
    wanted = r"expected an array of shape \(n, height, width, 6\) or a list of such"
    with pytest.raises(ValueError, match=rf"{wanted}\. The channels come first"):
        as_images(stack.transpose(0, 3, 1, 2), channels=6)
    with pytest.raises(ValueError, match=r"one image: pass X\[np\.newaxis\]"):
        as_images(stack[0], channels=6)
    with pytest.raises(ValueError, match=wanted):
        as_images(stack[..., :3], channels=6)


def test_four_channels_are_a_stack_either_way() -> None:
    stack = np.zeros((2, 20, 30, 4), dtype=np.uint8)
    assert as_images(stack) is stack
    assert as_images(stack, channels=4) is stack
    assert as_images(stack[..., :3], channels=1).shape == (2, 20, 30, 3)
