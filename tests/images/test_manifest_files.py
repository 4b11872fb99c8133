"""Files that a manifest names: where they are, and what becomes of missing ones."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from hybridml.exceptions import (
    DataError,
    HybridMLWarning,
    InvalidParameterError,
    UnknownNameError,
)
from hybridml.images import load_manifest
from hybridml.images.manifest_files import locate_all, locate_present

FILES = ("a.png", "sounds/a.wav", "sounds/b.wav")


@pytest.fixture
def root(plant: Callable[..., Path]) -> Path:
    """A folder with a photo, two sounds and a manifest."""
    root = plant(*FILES)
    table = pd.DataFrame(
        {
            "photo": ["a.png", None, "gone.png"],
            "sound": ["sounds/a.wav", "sounds/b.wav", None],
            "kind": ["x", "y", "x"],
        }
    )
    table.to_csv(root / "manifest.csv", index=False)
    return root


def test_missing_file_is_a_missing_cell_with_a_warning(root: Path) -> None:
    with pytest.warns(
        HybridMLWarning, match=r"'photo' names 1 files .*gone\.png.*miss"
    ):
        table, y = load_manifest(root / "manifest.csv", file_columns=["photo", "sound"])
    assert table["photo"].tolist() == [str(root / "a.png"), None, None]
    assert table["sound"].tolist() == [*(str(root / name) for name in FILES[1:]), None]
    assert y.tolist() == ["x", "y", "x"]


def test_empty_cells_are_kept_without_a_word(root: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table, _ = load_manifest(
            root / "manifest.csv", file_columns=["sound"], target="kind"
        )
    assert table["sound"].isna().tolist() == [False, False, True]
    assert table["photo"].tolist()[2] == "gone.png"


def test_column_without_any_file_is_refused(root: Path) -> None:
    values = pd.Series(["x.png", None, "y.png"], name="photo")
    with pytest.raises(DataError, match=r"names 2 files .*None exists\."):
        locate_present(values, root, None)


def test_column_of_gaps_alone_is_left_to_those_who_use_it(root: Path) -> None:
    values = pd.Series([None, None], name="photo", dtype=object)
    assert locate_present(values, root, None) == [None, None]


def test_urls_are_taken_to_exist(root: Path) -> None:
    values = pd.Series(["https://example.org/a.png"], name="photo")
    assert locate_present(values, root, None) == ["https://example.org/a.png"]


def test_folder_that_is_given_goes_before_the_manifests(root: Path) -> None:
    values = pd.Series(["a.wav", "b.wav"], name="sound")
    expected = [str(root / name) for name in FILES[1:]]
    assert locate_all(values, root, root / "sounds") == expected


def test_images_may_be_named_in_one_way_only(root: Path) -> None:
    with pytest.raises(InvalidParameterError, match="image_column='photo'"):
        load_manifest(
            root / "manifest.csv", image_column="photo", file_columns=["sound"]
        )


def test_file_column_that_there_is_not_is_refused_with_the_nearest(root: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'photo'"):
        load_manifest(root / "manifest.csv", file_columns=["photos"], target="kind")


def test_table_without_files_is_read(root: Path) -> None:
    table, _ = load_manifest(root / "manifest.csv", file_columns=[], target="kind")
    assert table.columns.tolist() == ["photo", "sound"]
