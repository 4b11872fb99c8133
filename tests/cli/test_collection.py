"""What the command line names as images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer

from hybridml.cli.collection import Collection, read_collection
from hybridml.exceptions import DataError, UnknownNameError


def _read(
    folder: Path | None = None, manifest: Path | None = None, **columns: Any
) -> Collection:
    names = {"image": None, "target": None, "split": None}
    return read_collection(folder, manifest, **{**names, **columns})


def test_folder_gives_paths_and_labels(photos: Path) -> None:
    found = _read(photos)
    assert found.images[0] == str(photos / "dark" / "0.png")
    assert set(found.labels) == {"dark", "light"}
    assert found.splits is None


def test_split_folder_gives_splits(split_photos: Path) -> None:
    found = _read(split_photos)
    assert [len(found.of(name)) for name in ("train", "val", "test")] == [12, 6, 4]


def test_manifest_finds_the_image_column(manifest: Path) -> None:
    found = _read(manifest=manifest, target="kind")
    assert found.images[0].endswith("dark/0.png")
    assert found.labels.tolist()[::9] == ["dark", "light"]
    assert found.splits is None


def test_named_split_column_is_read_whatever_its_spelling(manifest: Path) -> None:
    found = _read(manifest=manifest, image="file", target="kind", split="part")
    assert [len(found.of(name)) for name in ("train", "val", "test")] == [12, 6, 0]


def test_column_called_split_is_the_split(manifest: Path, tmp_path: Path) -> None:
    table = tmp_path / "photos.csv"
    text = manifest.read_text(encoding="utf-8")
    table.write_text(text.replace("file,kind,part", "file,kind,split"))
    assert len(_read(manifest=table).of("val")) == 6


def test_column_that_is_no_split_is_an_error(manifest: Path) -> None:
    with pytest.raises(DataError, match=r"split='kind'.*'train', 'val' and 'test'"):
        _read(manifest=manifest, target="part", split="kind")


def test_unknown_column_is_an_error(manifest: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'kind'"):
        _read(manifest=manifest, target="kinds")


@pytest.mark.parametrize("both", [True, False])
def test_folder_and_manifest_are_alternatives(
    both: bool, photos: Path, manifest: Path
) -> None:
    chosen = (photos, manifest) if both else (None, None)
    with pytest.raises(typer.BadParameter, match=r"either a FOLDER or --manifest"):
        _read(*chosen)


def test_columns_of_a_folder_are_an_error(photos: Path) -> None:
    with pytest.raises(typer.BadParameter, match=r"go with --manifest"):
        _read(photos, target="kind")
