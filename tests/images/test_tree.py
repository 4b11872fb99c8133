from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hybridml.exceptions import DataError
from hybridml.images.tree import (
    IMAGE_SUFFIXES,
    check_exists,
    find_images,
    has_files,
    has_images,
    is_image_name,
    list_images,
    list_subfolders,
)

Plant = Callable[..., Path]


def test_suffixes_are_lower_case_and_start_with_a_dot() -> None:
    assert all(s.startswith(".") and s == s.lower() for s in IMAGE_SUFFIXES)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.JpG", True),
        ("s3://bucket/a.png", True),
        ("a.txt", False),
        ("jpg", False),
        ("", False),
    ],
)
def test_image_names_are_told_by_their_suffix(name: str, expected: bool) -> None:
    assert is_image_name(name) is expected


def test_hidden_files_and_folders_are_passed_over(plant: Plant) -> None:
    root = plant("b/2.png", "a.png", ".c.png", ".hidden/d.png", "b/.e/f.png", "g.txt")
    assert find_images(root) == [root / "a.png", root / "b" / "2.png"]
    assert list_images(root) == [root / "a.png"]
    assert list_subfolders(root) == [root / "b"]


def test_a_folder_named_like_an_image_is_none(plant: Plant) -> None:
    root = plant("odd.jpg/")
    assert find_images(root) == list_images(root) == []
    assert not has_files(root)


def test_other_files_are_files_but_no_images(plant: Plant) -> None:
    root = plant("a/b/notes.txt")
    assert has_files(root)
    assert not has_images(root)


def test_links_are_followed_and_loops_end(plant: Plant) -> None:
    root, elsewhere = plant("a/1.png"), plant("2.png", root="elsewhere")
    (root / "linked").symlink_to(elsewhere)
    (root / "a" / "loop").symlink_to(root)
    assert find_images(root) == [root / "a" / "1.png", root / "linked" / "2.png"]


def test_a_missing_path_suggests_its_nearest_sibling(plant: Plant) -> None:
    root = plant("photos/")
    message = r"Got path='.*fotos'; expected a folder\. There is .* mean 'photos'\?"
    with pytest.raises(DataError, match=message):
        check_exists(root / "fotos", expected="a folder")
    with pytest.raises(DataError, match="There is nothing at this path"):
        check_exists(root / "x" / "y", expected="a folder")
