from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hybridml.comparing.data import Data
from hybridml.comparing.data_facts import describe_data, find_warnings

FOLDS = [(np.arange(10, 40), np.arange(10)), (np.arange(30), np.arange(30, 40))]


def _digests(n_images: int) -> list[bytes]:
    return [bytes([number]) * 20 for number in range(n_images)]


def _data(
    targets: Any, task: Any, digests: Sequence[bytes] = (), noun: str = "image"
) -> Data:
    images = np.zeros((len(targets), 1))
    return Data(images, targets, FOLDS, "accuracy", task, digests, noun)


def test_sizes_are_told() -> None:
    targets = np.array(["a"] * 30 + ["b"] * 10)
    facts = describe_data(_data(targets, "classification"))
    assert facts == {
        "images": "40",
        "folds": "2, learned on 30, tested on 10 images",
        "classes": "2",
        "images a class": "a: 30, b: 10",
    }


def test_range_of_a_regression_is_told() -> None:
    facts = describe_data(_data(np.arange(40.0), "regression"))
    assert facts["targets"] == "0 to 39, mean 19.5"


def test_labels_are_counted() -> None:
    facts = describe_data(_data(np.eye(40, 2, dtype=bool), "multilabel"))
    assert facts["images with each"] == "1, 1"


def test_good_data_have_no_warnings() -> None:
    targets = np.array(["a", "b"] * 20)
    assert find_warnings(_data(targets, "classification", _digests(40))) == []


def test_duplicates_on_both_sides_of_a_fold_are_told() -> None:
    digests = _digests(40)
    digests[0] = digests[1] = digests[20]
    targets = np.array(["a", "b"] * 20)
    (said,) = find_warnings(_data(targets, "regression", digests))[:1]
    assert said.startswith("Up to 2 test images of a fold are also among its training")


def test_equal_images_of_different_targets_are_told() -> None:
    digests = _digests(40)
    digests[12] = digests[13]
    targets = np.array(["a", "b"] * 20)
    (said,) = find_warnings(_data(targets, "regression", digests))
    assert said.startswith("Images that occur several times with different targets: 1.")


def test_small_and_unequal_classes_are_told() -> None:
    targets = np.array(["a"] * 37 + ["b"] * 3)
    tiny, unequal = find_warnings(_data(targets, "classification", _digests(40)))
    assert "b (3)" in tiny
    assert "12 times as many images" in unequal


def test_rows_are_called_what_they_are() -> None:
    targets, digests = np.array(["a"] * 37 + ["b"] * 3), [b"same"] * 40
    data = _data(targets, "classification", digests, noun="row")
    facts = describe_data(data)
    assert facts["rows"] == "40"
    assert facts["folds"].endswith("tested on 10 rows")
    assert facts["rows a class"] == "a: 37, b: 3"
    said = " ".join(find_warnings(data))
    assert "Rows that occur several times" in said
    assert "image" not in said
