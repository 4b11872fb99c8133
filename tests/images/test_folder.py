from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hybridml.exceptions import DataError, UnknownNameError
from hybridml.images import load_image_folder, read_image_folder

Plant = Callable[..., Path]
SPLIT = ["train/a/1.png", "train/b/2.png", "test/a/3.png", "val/b/4.png", "val/a/5.png"]


def test_one_folder_per_class_is_read_sorted(plant: Plant) -> None:
    root = plant("dogs/1.png", "cats/2.png", "cats/1.png")
    paths, labels = load_image_folder(str(root))
    names = ["cats/1.png", "cats/2.png", "dogs/1.png"]
    assert paths == [str(root / name) for name in names]
    assert labels.tolist() == ["cats", "cats", "dogs"]
    assert labels.dtype.kind == "U"
    assert read_image_folder(root).splits is None


def test_splits_are_read_together_or_one_by_one(plant: Plant) -> None:
    root = plant(*SPLIT)
    everything = read_image_folder(root)
    assert everything.splits is not None
    assert everything.splits.tolist() == ["train", "train", "val", "val", "test"]
    assert everything.labels.tolist() == ["a", "b", "a", "b", "a"]
    assert load_image_folder(root)[0] == everything.paths
    for split in ("train", "val", "test"):
        paths, labels = load_image_folder(root, split=split)
        chosen = np.flatnonzero(everything.splits == split)
        assert paths == [everything.paths[i] for i in chosen]
        assert labels.tolist() == everything.labels[chosen].tolist()


def test_a_split_answers_to_its_other_names(plant: Plant) -> None:
    root = plant("training/a/1.png", "training/b/1.png", "valid/a/1.png")
    validation = load_image_folder(root, split="validation")
    assert validation[0] == [str(root / "valid/a/1.png")]
    assert load_image_folder(root, split="val")[0] == validation[0]


def test_an_unlabelled_test_split_does_not_block_the_others(plant: Plant) -> None:
    root = plant("train/a/1.png", "train/b/1.png", "test/1.png")
    assert load_image_folder(root, split="train")[1].tolist() == ["a", "b"]
    with pytest.raises(DataError, match="It holds images directly"):
        load_image_folder(root)


def test_an_unknown_split_is_refused_with_the_known_ones(plant: Plant) -> None:
    root = plant(*SPLIT[:3])
    with pytest.raises(UnknownNameError, match="split='val'; expected 'train' or 'tes"):
        load_image_folder(root, split="val")
    with pytest.raises(UnknownNameError, match=r"Did you mean 'train'\?"):
        load_image_folder(root, split="trian")


def test_a_split_of_a_folder_without_splits_is_refused(plant: Plant) -> None:
    root = plant("cats/1.png", "dogs/1.png")
    with pytest.raises(DataError, match="has no folders named train, val or test"):
        load_image_folder(root, split="train")


@pytest.mark.parametrize("split", [None, "val"])
def test_a_class_that_training_lacks_is_refused(
    plant: Plant, split: str | None
) -> None:
    root = plant(*SPLIT, "val/birds/1.png")
    with pytest.raises(DataError, match=r"class of 'val'.*'train' has no 'birds'"):
        load_image_folder(root, split=split)


def test_a_class_that_only_training_has_is_fine(plant: Plant) -> None:
    root = plant(*SPLIT, "train/birds/1.png")
    assert "birds" in load_image_folder(root)[1]


@pytest.mark.parametrize("names", [["cats/1.png"], ["train/cats/1.png"]])
def test_a_single_class_is_refused(plant: Plant, names: list[str]) -> None:
    with pytest.raises(DataError, match="at least two classes, not of 'cats' alone"):
        load_image_folder(plant(*names))


def test_a_folder_one_level_too_high_suggests_the_right_one(plant: Plant) -> None:
    root = plant("pets/cats/1.png", "pets/dogs/1.png")
    with pytest.raises(DataError, match=r"Did you mean '.*root/pets'\?"):
        load_image_folder(root)


def test_a_missing_folder_suggests_its_nearest_sibling(plant: Plant) -> None:
    root = plant("cats/1.png")
    with pytest.raises(DataError, match=r"Did you mean 'root'\?"):
        load_image_folder(root.parent / "rot")


def test_a_file_is_refused(plant: Plant) -> None:
    with pytest.raises(DataError, match="expected a folder, not a file"):
        load_image_folder(plant("1.png") / "1.png")


def test_cats_and_dogs_are_read_with_their_splits(shared_data: Path) -> None:
    folder = read_image_folder(shared_data / "cats_vs_dogs")
    assert folder.splits is not None
    rows = zip(folder.splits.tolist(), folder.labels.tolist(), strict=True)
    assert Counter(rows) == {
        ("train", "cats"): 400,
        ("train", "dogs"): 400,
        ("val", "cats"): 100,
        ("val", "dogs"): 100,
    }
    assert all(
        Path(path).parent.name == name
        for path, name in zip(folder.paths, folder.labels, strict=True)
    )
