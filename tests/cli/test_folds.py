"""On which images a comparison learns, and on which it is scored."""

from __future__ import annotations

import numpy as np
import pytest

from hybridml.cli.collection import Collection
from hybridml.cli.folds import choose_folds
from hybridml.exceptions import DataError


def _collection(splits: list[str] | None) -> Collection:
    n_images = 6 if splits is None else len(splits)
    images = np.array([f"{i}.png" for i in range(n_images)], dtype=object)
    labels = np.array(["a", "b"] * n_images)[:n_images]
    return Collection(images, labels, None if splits is None else np.array(splits))


def test_without_splits_there_are_five_folds() -> None:
    folds = choose_folds(_collection(None), None)
    assert (folds.cv, folds.n_folds, len(folds.images)) == (5, 5, 6)
    assert folds.said == "5-fold cross-validation, stratified."


def test_number_of_folds_is_passed_on_even_if_it_is_none() -> None:
    assert choose_folds(_collection(None), 0).cv == 0


def test_own_split_is_used_as_given() -> None:
    splits = ["val", "train", "train", "val", "train"]
    folds = choose_folds(_collection(splits), None)
    ((train, scored),) = folds.cv
    assert folds.images[train].tolist() == ["1.png", "2.png", "4.png"]
    assert folds.images[scored].tolist() == ["0.png", "3.png"]
    assert folds.labels[scored].tolist() == ["a", "b"]
    assert "learned on 3 images (train), scored on 2 (val)." in folds.said


def test_test_images_beside_val_take_no_part() -> None:
    splits = ["train", "train", "val", "val", "test"]
    folds = choose_folds(_collection(splits), None)
    assert folds.images.tolist() == ["0.png", "1.png", "2.png", "3.png"]
    assert "The 1 test images take no part." in folds.said


def test_without_val_it_is_scored_on_test() -> None:
    folds = choose_folds(_collection(["train", "train", "test", "test"]), None)
    assert "scored on 2 (test)." in folds.said
    assert "take no part" not in folds.said


def test_number_of_folds_goes_before_the_split_and_leaves_test_alone() -> None:
    splits = ["train", "val", "train", "val", "test"]
    folds = choose_folds(_collection(splits), 2)
    assert (folds.cv, len(folds.images)) == (2, 4)
    expected = "2-fold cross-validation, stratified, of the 4 images of train and val."
    assert folds.said == expected


def test_training_images_alone_are_cross_validated() -> None:
    folds = choose_folds(_collection(["train"] * 6), None)
    assert (folds.cv, len(folds.images)) == (5, 6)


def test_test_images_alone_are_cross_validated() -> None:
    folds = choose_folds(_collection(["test"] * 6), None)
    assert (folds.cv, len(folds.images)) == (5, 6)


def test_class_that_train_lacks_is_an_error() -> None:
    collection = _collection(["train", "val", "train", "val"])
    with pytest.raises(DataError, match=r"val have labels that none of train .*'b'"):
        choose_folds(collection, None)
