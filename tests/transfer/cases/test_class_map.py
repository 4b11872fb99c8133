"""Outputs are mapped to the classes that they speak for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridml.exceptions import DataError
from hybridml.transfer.cases.class_map import (
    learn_class_map,
    learn_label_map,
    named_class_map,
)

CLASSES = np.array(["cats", "dogs"])
CATEGORIES = ("tabby", "lynx", "beagle", "pug", "crane", "crane")


def test_output_speaks_for_the_class_that_it_fires_on() -> None:
    outputs = np.array([[0.8, 0.1, 0.1], [0.7, 0.2, 0.1], [0.1, 0.1, 0.8]])
    shares = learn_class_map(outputs, np.array([0, 0, 1]))
    assert shares[0, 0] > 0.6
    assert shares[2, 1] > 0.6


def test_classes_count_alike_however_many_images_they_have() -> None:
    rare, common = np.array([[0.9, 0.1]]), np.array([[0.1, 0.9]])
    outputs = np.concatenate([rare, np.repeat(common, 1000, axis=0)])
    shares = learn_class_map(outputs, np.repeat([0, 1], [1, 1000]), smoothing=0.01)
    assert shares[0, 0] > 0.85


def test_output_that_never_fires_speaks_for_all_alike() -> None:
    outputs = np.array([[1.0, 0.0], [1.0, 0.0]])
    shares = learn_class_map(outputs, np.array([0, 1]))
    np.testing.assert_allclose(shares, 0.5)


@given(seed=st.integers(0, 50), n_classes=st.integers(2, 4))
def test_learned_shares_are_distributions(seed: int, n_classes: int) -> None:
    rng = np.random.default_rng(seed)
    outputs = rng.dirichlet(np.full(7, 0.2), 20)
    labels = np.arange(20) % n_classes
    shares = learn_class_map(outputs, labels)
    assert shares.shape == (7, n_classes)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert (shares > 0).all()


@pytest.mark.parametrize(
    "class_map",
    [
        {"cats": ["tabby", "lynx"], "dogs": ["beagle", "pug"]},
        {"cats": [0, 1], "dogs": [2, np.int64(3)]},
        {"cats": ("tabby", 1), "dogs": {"beagle", "pug"}, "birds": ["crane"]},
    ],
)
def test_outputs_are_given_by_name_or_number(class_map: Any) -> None:
    shares = named_class_map(class_map, CLASSES, CATEGORIES, 6)
    assert shares.tolist() == [[1, 0], [1, 0], [0, 1], [0, 1], [0, 0], [0, 0]]


def test_a_single_output_needs_no_list() -> None:
    shares = named_class_map({"cats": "tabby", "dogs": 2}, CLASSES, CATEGORIES, 6)
    assert np.argwhere(shares).tolist() == [[0, 0], [2, 1]]


def test_output_of_two_classes_is_shared() -> None:
    both = {"cats": ["tabby"], "dogs": ["tabby", "pug"]}
    assert named_class_map(both, CLASSES, CATEGORIES, 6)[0].tolist() == [0.5, 0.5]


def test_outputs_without_names_are_given_by_number() -> None:
    shares = named_class_map({"cats": [0], "dogs": [9]}, CLASSES, (), 10)
    assert shares.shape == (10, 2)
    with pytest.raises(DataError, match=r"'pug'; expected an output's number \(0 to 9"):
        named_class_map({"cats": [0], "dogs": ["pug"]}, CLASSES, (), 10)


@pytest.mark.parametrize(
    ("dogs", "message"),
    [
        (
            ["begle"],
            r"output of class_map='begle'; expected .* Did you mean 'beagle'\?",
        ),
        ([6], r"output of class_map=6; expected an output's name or number \(0 to 5\)"),
        ([-1], "output of class_map=-1; expected"),
        ([True], "output of class_map=True; expected"),
        ([None], "output of class_map=None; expected"),
        (
            ["crane"],
            r"'crane' in class_map, which 2 .* Use its number, one of \[4, 5\]",
        ),
        ([], "class_map with no outputs for 'dogs'"),
    ],
)
def test_unknown_output_is_named(dogs: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        named_class_map({"cats": [0], "dogs": dogs}, CLASSES, CATEGORIES, 6)


def test_class_without_outputs_is_named() -> None:
    with pytest.raises(DataError, match=r"each of the classes \['cats', 'dogs'\]"):
        named_class_map({"cats": ["tabby"]}, CLASSES, CATEGORIES, 6)


def test_labels_are_maps_of_their_own() -> None:
    outputs = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8]])
    present = np.array([[1, 0], [1, 1], [0, 1], [0, 0]], dtype=bool)
    shares = learn_label_map(outputs, present)
    for column, has_it in enumerate(present.T):
        alone = learn_class_map(outputs, has_it.astype(int))[:, 1]
        np.testing.assert_array_equal(shares[:, column], alone)
    assert shares[0, 0] > 0.7 > shares[0, 1] > 0.3


def test_labels_that_all_images_agree_on_are_certain() -> None:
    outputs = np.array([[0.9, 0.1], [0.1, 0.9]])
    present = np.array([[1, 0], [1, 0]], dtype=bool)
    assert learn_label_map(outputs, present).tolist() == [[1.0, 0.0], [1.0, 0.0]]


def test_an_output_may_speak_for_several_labels() -> None:
    given = {0: [0, 1], 1: [1]}
    shares = named_class_map(given, np.arange(2), (), 3, exclusive=False)
    assert shares.tolist() == [[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]
