"""Images are weighted and held out so that every class is on both sides."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridml.exceptions import DataError, InvalidParameterError
from hybridml.finetune.feeding.training_data import hold_out, weigh_images

LABELS = np.array(["a", "b", "b", "b"])


@given(
    counts=st.lists(st.integers(4, 30), min_size=2, max_size=4),
    fraction=st.floats(0.01, 0.9),
    seed=st.integers(0, 99),
)
def test_every_class_is_on_both_sides(
    counts: list[int], fraction: float, seed: int
) -> None:
    targets = np.repeat(np.arange(len(counts)), counts)
    train, held_out = hold_out(targets, np.ones(len(targets)), fraction, seed)
    assert sorted([*train, *held_out]) == list(range(len(targets)))
    assert set(targets[train]) == set(targets[held_out]) == set(range(len(counts)))


def test_the_fraction_is_that_of_each_class() -> None:
    targets = np.repeat([0, 1], [100, 20])
    _, held_out = hold_out(targets, np.ones(120), 0.1, 0)
    assert np.bincount(targets[held_out]).tolist() == [10, 2]


def test_held_out_images_depend_on_the_seed_alone() -> None:
    targets, weights = np.repeat([0, 1], 50), np.ones(100)
    first, again, other = (hold_out(targets, weights, 0.2, s)[1] for s in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert set(first) != set(other)


@pytest.mark.parametrize(("fraction", "smallest"), [(0.0, 10), (0.5, 3)])
def test_nothing_is_held_out(fraction: float, smallest: int) -> None:
    targets = np.repeat([0, 1], [10, smallest])
    train, held_out = hold_out(targets, np.ones(len(targets)), fraction, 0)
    assert len(held_out) == 0
    assert train.tolist() == list(range(len(targets)))


def test_images_without_weight_are_on_neither_side() -> None:
    targets = np.repeat([0, 1], 10)
    weights = np.tile([0.0, 1.0], 10)
    train, held_out = hold_out(targets, weights, 0.3, 0)
    assert sorted([*train, *held_out]) == list(range(1, 20, 2))
    assert len(held_out) == 4


def test_a_class_without_weight_does_not_keep_others_from_being_held_out() -> None:
    targets = np.repeat([0, 1, 2], 10)
    weights = np.repeat([1.0, 1.0, 0.0], 10)
    assert len(hold_out(targets, weights, 0.1, 0)[1]) == 2


@pytest.mark.parametrize(
    ("class_weight", "sample_weight", "expected"),
    [
        (None, None, [1, 1, 1, 1]),
        ("balanced", None, [2, 2 / 3, 2 / 3, 2 / 3]),
        ({"a": 3}, None, [3, 1, 1, 1]),
        ({"a": 3, "b": 1, "c": 9}, [1, 2, 0, 1], [3, 2, 0, 1]),
        (None, [1, 2, 3, 4], [1, 2, 3, 4]),
    ],
)
def test_weights_of_class_and_image_are_multiplied(
    class_weight: Any, sample_weight: Any, expected: list[float]
) -> None:
    weights = weigh_images(LABELS, class_weight, sample_weight)
    np.testing.assert_allclose(weights, expected)


def test_classes_may_be_numbers() -> None:
    labels: npt.NDArray[Any] = np.array([0, 1, 1])
    assert weigh_images(labels, {0: 5.0}, None).tolist() == [5, 1, 1]


@pytest.mark.parametrize("wrong", [[1, 1, 1, -1], [1, 1, 1, np.nan], [0, 0, 0, 0]])
def test_unusable_weights_are_refused(wrong: list[float]) -> None:
    with pytest.raises(DataError, match="negative, not finite, or all zero; expected"):
        weigh_images(LABELS, None, wrong)


def test_a_weight_for_each_image_is_asked_for() -> None:
    with pytest.raises(DataError, match=r"sample_weight of shape \(2,\); .* the 4 ima"):
        weigh_images(LABELS, None, [1, 2])


def test_a_weight_of_a_class_that_is_not_there_is_told_where_others_have_none() -> None:
    message = r"Got class_weight=\{'A': 3\}; expected .* 'A' is none, 'a' is\."
    with pytest.raises(InvalidParameterError, match=message):
        weigh_images(LABELS, {"A": 3}, None)


def test_weights_of_classes_are_numbers() -> None:
    with pytest.raises(InvalidParameterError, match="expected a number for each class"):
        weigh_images(LABELS, {"a": "3"}, None)
