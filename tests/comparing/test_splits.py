"""Folds are checked before they are used, and shared by all the cases."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold, KFold, RepeatedKFold, ShuffleSplit

from hybridml.comparing.splits import inner_folds, make_folds, stratified_folds
from hybridml.exceptions import DataError, InvalidParameterError

LABELS = np.repeat(["a", "b", "c"], [10, 8, 6])
NUMBERS = np.random.default_rng(0).normal(size=40) ** 3
TABLE = np.random.default_rng(0).random((60, 4)) < [0.5, 0.3, 0.1, 0.05]
TASKS = {"classification": LABELS, "multilabel": TABLE, "regression": NUMBERS}


def test_a_number_gives_stratified_folds() -> None:
    folds = make_folds(LABELS, 3, 0)
    assert len(folds) == 3
    for train, test in folds:
        assert sorted([*train, *test]) == list(range(24))
        assert np.unique(LABELS[test], return_counts=True)[1].min() >= 2
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(24))


def test_folds_depend_on_the_seed_alone() -> None:
    first, again, other = (make_folds(LABELS, 3, seed) for seed in (0, 0, 1))
    for (_, one), (_, two) in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert not np.array_equal(first[0][1], other[0][1])


def test_positions_and_masks_are_taken_as_given() -> None:
    mask = np.arange(24) % 3 == 0
    folds = make_folds(LABELS, [(~mask, mask), ([0, 1, 10, 11], [2])], 0)
    np.testing.assert_array_equal(folds[0][1], np.arange(0, 24, 3))
    assert folds[1][0].tolist() == [0, 1, 10, 11]


def test_splitters_are_used() -> None:
    folds = make_folds(LABELS, ShuffleSplit(2, test_size=0.25, random_state=0), 0)
    assert [len(test) for _, test in folds] == [6, 6]


@pytest.mark.parametrize("cv", [1, 0, -3, True, 2.5, None, "five"])
def test_what_is_no_number_of_folds_is_refused(cv: Any) -> None:
    with pytest.raises(
        InvalidParameterError, match=r"Got cv=.*; expected at least 2 f"
    ):
        make_folds(LABELS, cv, 0)


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        ([], "at least one fold"),
        ([3, 4], r"Got cv of type list; expected .*pairs of \(train, test\)"),
        ([([0, 1], [99])], r"Got cv of type list.*out of bounds"),
        ([([[0, 1]], [2])], r"Got cv of type list.*a part of shape \(1, 2\)"),
        (GroupKFold(2), r"Got cv of type GroupKFold.*groups"),
        ([([0, 1, 10, 11], [])], "Fold 1 of cv has 4 training and 0 test images"),
        ([([], [1])], "Fold 1 of cv has 0 training and 1 test images"),
        (
            [(np.arange(0, 24, 2), [1]), ([0, 1, 10, 11], [1, 2])],
            "Fold 2 of cv has 1 images both to learn from and to be tested on",
        ),
    ],
)
def test_unusable_folds_are_refused(cv: Any, message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        make_folds(LABELS, cv, 0)


def test_class_smaller_than_the_folds_is_named() -> None:
    message = (
        r"7 folds need at least 7 images in each class; too few in: c \(6\)\. .*fe"
    )
    with pytest.raises(DataError, match=message):
        make_folds(LABELS, 7, 0)


def test_every_training_part_needs_two_images_of_its_classes() -> None:
    message = r"training part of fold 1 needs at least 2 images .*too few in: b \(1\)"
    with pytest.raises(DataError, match=message):
        make_folds(LABELS, [([0, 1, 2, 10], [3])], 0)
    with pytest.raises(DataError, match="Fold 1 of cv has only one class to learn"):
        make_folds(LABELS, [([0, 1, 2], [3])], 0)


@pytest.mark.parametrize("task", list(TASKS))
def test_folds_of_every_task_part_the_images(task: Any) -> None:
    targets = TASKS[task]
    for folds in (make_folds(targets, 4, 0, task), inner_folds(targets, 4, 0, task)):
        assert len(folds) == 4
        tested = np.concatenate([test for _, test in folds])
        np.testing.assert_array_equal(np.sort(tested), np.arange(len(targets)))
        for train, test in folds:
            whole = np.sort([*train, *test])
            np.testing.assert_array_equal(whole, np.arange(len(targets)))
    again, other = (make_folds(targets, 4, seed, task) for seed in (0, 1))
    np.testing.assert_array_equal(again[0][1], make_folds(targets, 4, 0, task)[0][1])
    assert not np.array_equal(again[0][1], other[0][1])


@pytest.mark.parametrize(
    ("task", "targets"),
    [("multilabel", TABLE), ("regression", NUMBERS), ("regression", TABLE * 1.5)],
)
@pytest.mark.parametrize("cv", [RepeatedKFold(n_splits=3, n_repeats=2), KFold(2)])
def test_splitters_are_used_for_every_task(task: Any, targets: Any, cv: Any) -> None:
    assert len(make_folds(targets, cv, 0, task)) == cv.get_n_splits()


def test_folds_of_numbers_are_alike() -> None:
    means = [
        np.sort(NUMBERS[test]).mean()
        for _, test in make_folds(NUMBERS, 4, 0, "regression")
    ]
    plain = [
        NUMBERS[test].mean()
        for _, test in KFold(4, shuffle=True, random_state=0).split(NUMBERS)
    ]
    assert np.std(means) < np.std(plain)


@pytest.mark.parametrize(
    ("task", "few", "message"),
    [
        ("regression", NUMBERS[:7], "4 folds need at least 8 images; got 7"),
        ("multilabel", TABLE[:7], "4 folds need at least 8 images; got 7"),
    ],
)
def test_fewer_images_than_the_folds_need_are_counted(
    task: Any, few: Any, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        make_folds(few, 4, 0, task)
    assert len(inner_folds(few, 4, 0, task)) == 3
    with pytest.raises(DataError, match="2 folds need at least 4 images; got 3"):
        inner_folds(few[:3], 4, 0, task)


@pytest.mark.parametrize(
    ("task", "targets", "message"),
    [
        ("regression", np.ones(6), "Fold 1 of cv has only one number to learn from"),
        ("multilabel", np.ones((6, 2)) > 0, "only labels that all its images have, or"),
        ("regression", np.arange(6.0), r"has 1 test image; expected at least 2: R sq"),
    ],
)
def test_folds_that_cannot_be_learned_or_scored_are_refused(
    task: Any, targets: Any, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        make_folds(targets, [([0, 1, 2, 3], [4])], 0, task)


@pytest.mark.parametrize(("smallest", "n_folds"), [(2, 2), (4, 4), (30, 5)])
def test_inner_folds_are_no_more_than_the_smallest_class_has_images(
    smallest: int, n_folds: int
) -> None:
    labels = np.repeat([0, 1], [40, smallest])
    assert stratified_folds(labels, 5, 0).get_n_splits() == n_folds
