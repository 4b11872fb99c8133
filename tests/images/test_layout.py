from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hybridml.exceptions import DataError, HybridMLWarning
from hybridml.images.layout import find_splits, read_classes

Plant = Callable[..., Path]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["cats/1.png", "dogs/1.png"], {}),
        (["val/a/1.png", "train/a/1.png"], {"train": "train", "val": "val"}),
        (["Training/a/1.png", "testing/a/1.png"], {"train": "Training"}),
        (["train/a/1.png", "validation/a/1.png"], {"val": "validation"}),
        (["train/a/1.png", "docs/notes.txt"], {"train": "train"}),
        (["train/1.png", "car/1.png", "plane/1.png"], {}),
    ],
)
def test_splits_are_told_from_classes(
    plant: Plant, names: list[str], found: dict[str, str]
) -> None:
    root = plant(*names)
    splits = find_splits(root)
    assert bool(splits) is bool(found)
    assert {key: splits[key].name for key in found} == found


def test_splits_come_in_the_order_of_their_use(plant: Plant) -> None:
    root = plant("test/a/1.png", "val/a/1.png", "train/a/1.png")
    assert list(find_splits(root)) == ["train", "val", "test"]


def test_images_beside_two_splits_are_refused(plant: Plant) -> None:
    root = plant("train/a/1.png", "val/a/1.png", "unlabelled/1.png")
    with pytest.raises(DataError, match="beside them, 'unlabelled' with images"):
        find_splits(root)


def test_two_folders_of_one_split_are_refused(plant: Plant) -> None:
    root = plant("val/a/1.png", "valid/a/1.png")
    with pytest.raises(DataError, match="'val', 'valid' are all the val split"):
        find_splits(root)


def test_classes_are_sorted_and_nested_images_count(plant: Plant) -> None:
    root = plant("b/2.PNG", "b/deep/er/1.jpg", "a/1.png", "a/notes.txt", ".c/1.png")
    classes = read_classes(root)
    assert list(classes) == ["a", "b"]
    assert classes["b"] == [str(root / "b/2.PNG"), str(root / "b/deep/er/1.jpg")]


@pytest.mark.parametrize(
    ("names", "finding"),
    [
        (["1.png", "2.png"], "expected one folder per class .* It holds images direc"),
        ([], "It holds no images"),
        (["notes.txt"], "It holds no images"),
        (["a/", "b/"], "It holds no images"),
        (["a/1.png", "b/notes.txt"], "Class folder 'b' holds files but no images"),
    ],
)
def test_other_layouts_are_refused(
    plant: Plant, names: list[str], finding: str
) -> None:
    with pytest.raises(DataError, match=finding):
        read_classes(plant(*names))


def test_empty_class_folders_are_left_out_with_a_warning(plant: Plant) -> None:
    root = plant("a/1.png", "b/", "c/.DS_Store")
    with pytest.warns(HybridMLWarning, match="the empty class folder 'b', 'c'"):
        assert list(read_classes(root)) == ["a"]


def test_images_beside_class_folders_are_left_out_with_a_warning(plant: Plant) -> None:
    root = plant("a/1.png", "overview.png")
    with pytest.warns(HybridMLWarning, match="1 images outside the class folders"):
        assert list(read_classes(root)) == ["a"]
