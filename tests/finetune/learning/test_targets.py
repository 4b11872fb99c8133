"""Targets are what the task learns, and predictions come back on their own scale."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from hybridml.finetune.learning.probe import LinearHead
from hybridml.finetune.learning.targets import (
    class_targets,
    label_targets,
    number_targets,
)
from hybridml.finetune.learning.tasks import Classification, MultiLabel, Regression


def test_classes_are_held_out_in_proportion() -> None:
    codes = np.array([2, 0, 1, 0])
    targets = class_targets(codes, np.ones(4))
    assert targets.task == Classification(3)
    assert targets.values.tolist() == targets.groups.tolist() == [2, 0, 1, 0]
    assert targets.values.dtype == torch.int64


def test_labels_are_zeros_and_ones() -> None:
    targets = label_targets(np.array([[True, False], [True, True]]), np.ones(2))
    assert targets.task == MultiLabel(2)
    assert targets.values.tolist() == [[1, 0], [1, 1]]
    assert targets.values.dtype == torch.float32
    assert targets.groups.tolist() == [0, 0]


@given(scale=st.floats(1e-6, 1e6), shift=st.floats(-1e3, 1e3), seed=st.integers(0, 99))
def test_numbers_are_standardised_by_the_weighted_images(
    scale: float, shift: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    numbers = (rng.normal(size=(30, 2)) + shift) * scale
    weights = rng.integers(0, 3, 30) + (np.arange(30) == 0.0)
    targets = number_targets(numbers, weights)
    assert targets.task == Regression(2)
    values = np.repeat(targets.values.double().numpy(), weights.astype(int), axis=0)
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(values.std(axis=0), 1, rtol=1e-3)


def test_numbers_that_do_not_vary_do_no_harm() -> None:
    targets = number_targets(np.full((5, 1), 3.0), np.ones(5))
    assert targets.values.tolist() == [[0.0]] * 5
    nothing = LinearHead(np.zeros((1, 4), np.float32), np.zeros(1, np.float32))
    assert targets.rescaled(nothing).bias.tolist() == [3.0]


def test_a_rescaled_head_gives_the_numbers_themselves() -> None:
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(20, 3)) * [1, 100, 0.01] + [0, 50, -2]
    targets = number_targets(numbers, np.ones(20))
    features = rng.normal(size=(20, 5)).astype(np.float32)
    head = LinearHead(rng.normal(size=(3, 5)).astype(np.float32), np.ones(3, "f"))
    expected = head.scores(features) * numbers.std(axis=0) + numbers.mean(axis=0)
    found = targets.rescaled(head).scores(features)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_heads_of_classes_are_left_as_they_are() -> None:
    head = LinearHead(np.ones((2, 5), np.float32), np.arange(2, dtype=np.float32))
    again = class_targets(np.array([0, 1]), np.ones(2)).rescaled(head)
    np.testing.assert_array_equal(again.weight, head.weight)
    np.testing.assert_array_equal(again.bias, head.bias)
