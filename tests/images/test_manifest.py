from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from hybridml.exceptions import DataError, HybridMLWarning, UnknownNameError
from hybridml.images import as_images, load_manifest

NAMES = ["b.png", "sub/a.PNG", "c.png"]


@pytest.fixture
def manifest(plant: Callable[..., Path]) -> Callable[..., Path]:
    """Write a manifest beside its images; each keyword is a column."""
    root = plant(*NAMES)

    def write(suffix: str = ".csv", **columns: Any) -> Path:
        path = root / f"manifest{suffix}"
        table = pd.DataFrame(columns)
        if suffix == ".csv":
            table.to_csv(path, index=False)
        else:
            table.to_parquet(path)
        return path

    return write


Manifest = Callable[..., Path]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_images_are_found_and_joined_to_the_folder(
    manifest: Manifest, suffix: str
) -> None:
    path = manifest(suffix, label=["x", "y", "x"], photo=NAMES)
    table, y = load_manifest(path)
    assert table.columns.tolist() == ["photo"]
    assert table["photo"].tolist() == [str(path.parent / name) for name in NAMES]
    assert y.tolist() == ["x", "y", "x"]
    assert y.dtype.kind == "U"
    assert as_images(table).tolist() == table["photo"].tolist()


def test_other_columns_stay_and_the_target_leaves(manifest: Manifest) -> None:
    path = manifest(photo=NAMES, split=["train"] * 3, age=[3, 1, 2], n=[1.5, 2, 3])
    table, y = load_manifest(path, target="n")
    assert table.columns.tolist() == ["photo", "split", "age"]
    assert table["age"].tolist() == [3, 1, 2]
    assert y.tolist() == [1.5, 2.0, 3.0]


def test_the_split_column_is_no_target(manifest: Manifest) -> None:
    columns = {"photo": NAMES, "label": ["x", "y", "x"]}
    for name, given in [("split", None), ("fold", "fold")]:
        path = manifest(**columns, **{name: [1, 2, 3]})
        table, y = load_manifest(path, split_column=given)
        assert y.tolist() == ["x", "y", "x"]
        assert name in table.columns


@pytest.mark.parametrize(
    "labels",
    [pd.array([1, 2, 1], dtype="Int64"), pd.Categorical([1, 2, 1]), [1, 2, 1]],
    ids=["Int64", "category", "int64"],
)
def test_numbers_stay_numbers(manifest: Manifest, labels: Any) -> None:
    _, y = load_manifest(manifest(".parquet", photo=NAMES, label=labels))
    assert y.dtype.kind == "i"
    assert y.tolist() == [1, 2, 1]


def test_urls_absolute_paths_and_missing_images_are_kept(manifest: Manifest) -> None:
    path = manifest(photo=NAMES, label=[1, 2, 3])
    absolute = str(path.parent / "c.png")
    path = manifest(photo=["s3://bucket/a.png", absolute, None], label=[1, 2, 3])
    table, _ = load_manifest(path)
    assert table["photo"].tolist() == ["s3://bucket/a.png", absolute, None]


def test_images_may_lie_in_a_folder_of_their_own(plant: Callable[..., Path]) -> None:
    root = plant("images/1.png", "elsewhere/1.png")
    path = root / "manifest.csv"
    pd.DataFrame({"photo": ["1.png"], "label": [1]}).to_csv(path, index=False)
    assert load_manifest(path)[0]["photo"][0] == str(root / "images" / "1.png")
    table, _ = load_manifest(path, image_folder=root / "elsewhere")
    assert table["photo"][0] == str(root / "elsewhere" / "1.png")
    with pytest.raises(DataError, match=r"Did you mean 'elsewhere'\?"):
        load_manifest(path, image_folder=root / "elsewere")
    plant("1.png")
    assert load_manifest(path)[0]["photo"][0] == str(root / "1.png")


@pytest.mark.parametrize(
    ("columns", "finding"),
    [
        ({"label": [1], "name": ["x"]}, "'label' or 'name'. no column looks like it"),
        ({"front": ["b.png"], "back": ["c.png"]}, "'front' or 'back' would do"),
    ],
)
def test_an_image_column_that_cannot_be_told_is_refused(
    manifest: Manifest, columns: Any, finding: str
) -> None:
    with pytest.raises(DataError, match=f"Got image_column=None.*{finding}"):
        load_manifest(manifest(**columns))


def test_one_of_two_image_columns_may_be_named(manifest: Manifest) -> None:
    path = manifest(front=["b.png"], back=["c.png"], label=[1])
    table, _ = load_manifest(path, image_column="back", target="label")
    assert table["back"].tolist() == [str(path.parent / "c.png")]
    assert table["front"].tolist() == ["b.png"]


def test_a_target_that_cannot_be_told_is_refused(manifest: Manifest) -> None:
    path = manifest(photo=NAMES, n=[1, 2, 3], m=[1, 2, 3])
    with pytest.raises(DataError, match=r"Got target=None; .* predict: 'n' or 'm'"):
        load_manifest(path)
    with pytest.raises(DataError, match="beside 'photo', is none"):
        load_manifest(manifest(photo=NAMES))


def test_a_target_that_is_taken_is_refused(manifest: Manifest) -> None:
    path = manifest(photo=NAMES, n=[1, 2, 3])
    with pytest.raises(DataError, match="neither the images nor the split"):
        load_manifest(path, target="photo")


@pytest.mark.parametrize("parameter", ["image_column", "target", "split_column"])
def test_an_unknown_column_is_refused_with_the_nearest(
    manifest: Manifest, parameter: str
) -> None:
    path = manifest(photo=NAMES, label=[1, 2, 3])
    message = rf"{parameter}='lable'; .*'photo' or 'label'\. Did you mean 'label'\?"
    with pytest.raises(UnknownNameError, match=message):
        load_manifest(path, **{parameter: "lable"})


def test_missing_labels_are_counted_and_placed(manifest: Manifest) -> None:
    labels = ["x", None, "y"] + [None] * 6
    path = manifest(photo=NAMES * 3, label=labels)
    message = r"'label' has no value in 7 of 9 rows .*0: 1, 3, 4, 5, 6, \.\.\.\)"
    with pytest.raises(DataError, match=message):
        load_manifest(path)


def test_missing_splits_are_refused(manifest: Manifest) -> None:
    path = manifest(photo=NAMES, label=[1, 2, 3], split=["train", None, "val"])
    with pytest.raises(
        DataError, match=r"'split' has no value in 1 of 3 rows .*0: 1\)"
    ):
        load_manifest(path)


def test_five_missing_files_are_named_and_the_rest_counted(manifest: Manifest) -> None:
    path = manifest(photo=[f"no{i}.png" for i in range(7)], label=range(7))
    with pytest.raises(DataError, match=r"names 7 files .*no4\.png' and 2 more"):
        load_manifest(path)
    path = manifest(photo=["no.png", "b.png"], label=[1, 2])
    with pytest.raises(DataError, match=r"names 1 files .*root/no\.png'\. Relative"):
        load_manifest(path)


def test_blood_cells_are_read_with_their_counts(shared_data: Path) -> None:
    path = shared_data / "blood_cells_bccd" / "manifest.csv"
    table, y = load_manifest(path, target="n_rbc", split_column="split")
    assert y.shape == (364,)
    assert y.dtype.kind == "i"
    assert "n_rbc" not in table.columns
    assert set(table["split"]) == {"train", "val", "test"}
    assert np.array_equal(y, pd.read_csv(path)["n_rbc"])


def test_a_table_without_header_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("cat/1.jpg,cat\ndog/1.jpg,dog\n")
    with pytest.raises(DataError, match=r"no header row: a column is called 'cat/1"):
        load_manifest(tmp_path / "a.csv")


def test_repeated_images_are_told_of(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        Image.new("RGB", (2, 2)).save(tmp_path / name)
    rows = "image,label\na.png,cat\nb.png,dog\na.png,dog\n"
    (tmp_path / "a.csv").write_text(rows)
    expected = "1 rows name an image that an earlier row names, 1 images with different"
    with pytest.warns(HybridMLWarning, match=expected):
        load_manifest(tmp_path / "a.csv")
