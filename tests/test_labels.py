"""Labels that cannot be learned from are refused with a reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from hybridml._labels import check_class_sizes, check_labels
from hybridml.exceptions import DataError


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        (["a", "b", "a"], ["a", "b", "a"]),
        (("a", "b", "a"), ["a", "b", "a"]),
        ([3, 1, 3], [3, 1, 3]),
        ([True, False, True], [True, False, True]),
        (np.array([1.0, 2.0, 1.0]), [1, 2, 1]),
        (np.array([[1], [2], [1]]), [1, 2, 1]),
        (pd.Series(["a", "b", "a"], index=[5, 6, 7]), ["a", "b", "a"]),
        (pd.Series(["a", "b", "a"], dtype="category"), ["a", "b", "a"]),
        (pd.Series(["a", "b", "a"], dtype="string"), ["a", "b", "a"]),
        (pd.Series([1, 2, 1], dtype="Int64"), [1, 2, 1]),
        (pd.DataFrame({"y": ["a", "b", "a"]}), ["a", "b", "a"]),
    ],
)
def test_labels_of_any_kind_become_one_array(y: Any, expected: list[Any]) -> None:
    labels = check_labels(y, 3)
    assert labels.tolist() == expected
    assert labels.dtype.kind in "biufU"


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (
            None,
            r"^Got y=None; expected one label per image\. A fit requires y",
        ),
        ([1, 2], r"^Got 3 images and 2 labels; expected as many labels as images\.$"),
        ("abc", r"^Got y of shape \(\); expected one label per image\.$"),
        ([[1, 2]] * 3, r"^Got y of shape \(3, 2\); expected one label per image\.$"),
        ([[1], [2], [1, 2]], "Got labels of type list; expected text or whole numb"),
        (["a", "a", "a"], r"^Found only one class, a; expected two or more to tell"),
        (
            [0.5, 1.0, 0.0],
            r"the value 0\.5, a continuous target; expected classes, not",
        ),
        ([0.0, np.inf, 0.0], "the value inf, a continuous target; expected classes"),
        (["a", 1, "a"], r"several types \(int, str\); expected one\. y\.astype\(str\)"),
        ([b"a", b"b", b"a"], "Got labels of type bytes; expected text or whole"),
        (pd.to_datetime(["2020", "2021", "2020"]), "Got labels of type Timestamp"),
    ],
)
def test_unusable_labels_are_refused(y: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        check_labels(y, 3)


@pytest.mark.parametrize(
    "y",
    [
        ["a", None, "b"],
        ["a", np.nan, "b"],  # numpy alone would make this the text 'nan'
        [0.0, np.nan, 1.0],
        [1, pd.NA, 2],
        pd.Series(["a", None, "b"], dtype="string"),
        pd.Series([1, None, 2], dtype="Int64"),
        pd.Series(["a", np.nan, "b"], dtype="category"),
    ],
)
def test_missing_labels_are_found(y: Any) -> None:
    with pytest.raises(DataError, match=r"1 of 3 labels are missing .* positions 1\."):
        check_labels(y, 3)


def test_many_missing_labels_are_counted() -> None:
    message = r"^7 of 9 labels .* at positions 2, 3, 4, 5, 6 and 2 more\. Drop those"
    with pytest.raises(DataError, match=message):
        check_labels([0, 1, *[None] * 7], 9)


def test_nothing_at_all_is_refused() -> None:
    with pytest.raises(DataError, match="Found no images: X is empty"):
        check_labels([], 0)


def test_labels_given_are_not_changed() -> None:
    y = pd.Series(["a", "b"], dtype="category")
    check_labels(y, 2)
    pd.testing.assert_series_equal(y, pd.Series(["a", "b"], dtype="category"))


def test_small_classes_are_named_with_their_sizes() -> None:
    labels = np.repeat([*"abcdefgh"], [9, 1, 2, 1, 1, 1, 1, 1])
    message = (
        r"^It takes at least 2 images in each class; too few in: b \(1\), d \(1\), "
        r"e \(1\), f \(1\), g \(1\) and 1 more\. Add images, or leave these classes out"
    )
    with pytest.raises(DataError, match=message):
        check_labels(labels, len(labels), min_per_class=2)
    with pytest.raises(
        DataError, match=r"^Folds need at least 3 images .*\. Do this\.$"
    ):
        check_class_sizes(labels, 3, "Folds need", cure="Do this.")
    check_class_sizes(labels, 1, "Folds need")
