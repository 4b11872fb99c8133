"""``hybridml extract``: features on disk, each row with its image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hybridml import DeepFeatureExtractor, FeatureDataset
from hybridml._optional import is_installed
from tests.cli.conftest import TINY, Typed


def test_parquet_has_image_label_and_the_extractor_s_features(
    photos: Path, typed: Typed
) -> None:
    left = typed("extract", photos, "--output", "features.parquet", *TINY)
    assert (left.code, left.out) == (0, "")
    assert "18 rows of 84 features: features.parquet" in left.err
    table = pd.read_parquet("features.parquet")
    extractor = DeepFeatureExtractor("lenet5", weights=None)
    names = extractor.get_feature_names_out()
    assert list(table.columns) == ["image", "label", *names]
    assert [Path(path).parent.name for path in table["image"]] == list(table["label"])
    expected = extractor.transform(table["image"])
    np.testing.assert_array_equal(table[list(names)].to_numpy(np.float32), expected)


def test_npy_has_the_features_alone(photos: Path, typed: Typed) -> None:
    options = ("--cut-layer", "conv1", "--pooling", "max", "--no-store")
    typed("extract", photos, "--output", "features.npy", *TINY, *options)
    features = np.load("features.npy")
    assert features.shape == (18, 6)
    assert features.dtype == np.float32


def test_folder_without_classes_has_no_labels(photos: Path, typed: Typed) -> None:
    left = typed("extract", photos / "dark", "--output", "features.parquet", *TINY)
    assert left.code == 0
    table = pd.read_parquet("features.parquet")
    assert list(table.columns[:2]) == ["image", "lenet5_penultimate_0"]
    assert len(table) == 9


def test_manifest_keeps_its_order(manifest: Path, typed: Typed) -> None:
    columns = ("--image", "file", "--target", "kind")
    typed("extract", "--manifest", manifest, *columns, "-o", "f.parquet", *TINY)
    table = pd.read_parquet("f.parquet")
    assert table["image"].tolist() == pd.read_csv(manifest)["file"].tolist()
    assert set(table["label"]) == {"dark", "light"}


def test_folder_is_a_dataset_that_the_store_imports(photos: Path, typed: Typed) -> None:
    left = typed("extract", photos, "--output", "rows", *TINY)
    assert left.code == 0, left.err
    assert "18 images, 18 of them computed now: rows" in left.err
    assert "0 of them computed" in typed("extract", photos, "-o", "rows", *TINY).err
    imported = typed("store", "import", "rows", "--store", "kept")
    assert imported.code == 0
    assert "18 rows are now in kept" in imported.err
    typed("extract", photos, "-o", "f.npy", *TINY, "--store", "kept")
    stats = typed("store", "info", "--store", "kept", "--json").json
    assert (stats["hits"], stats["images_forwarded"]) == (18, 0)


def test_folder_without_a_dataset_is_not_imported(photos: Path, typed: Typed) -> None:
    left = typed("store", "import", photos, "--store", "kept")
    assert left.code == 3
    assert "expected a finished dataset of features" in " ".join(left.err.split())


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.skipif(not is_installed("ray"), reason="Ray is not installed")
def test_ray_writes_the_same_dataset(photos: Path, typed: Typed) -> None:
    on_ray = ("--engine", "ray", "--address", "local", "--workers", "1")
    left = typed("extract", photos, "--output", "there", *TINY, *on_ray)
    assert left.code == 0, left.err
    assert "18 images, 18 of them computed now: there" in left.err
    typed("extract", photos, "--output", "here", *TINY)
    here, there = FeatureDataset("here"), FeatureDataset("there")
    np.testing.assert_array_equal(there.features(), here.features())


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (
            "{photos} --output features.csv",
            2,
            "should end in .parquet or .npy, or be",
        ),
        ("{photos} --output f.npy --cut-layer conv8", 4, "hybridml layers BACKBONE"),
        ("{photos} --output f.npy --pooling median", 4, "pooling='median'"),
        ("gone --output f.npy", 3, "path='gone'"),
        ("--output f.npy", 2, "either a FOLDER or --manifest"),
        ("{photos} -o rows --engine spark", 2, "'spark' is neither 'local' nor 'ray'"),
        ("{photos} -o f.npy --engine ray", 2, "--engine ray writes a folder"),
        ("{photos} -o rows --workers 2", 2, "go with --engine ray"),
        ("{photos} -o rows --store kept", 2, "hybridml store import fills it"),
        ("{photos} -o rows --engine ray --workers 0", 4, "Got n_workers=0"),
    ],
)
def test_bad_input_is_a_message_and_an_exit_code(
    arguments: str, code: int, said: str, photos: Path, typed: Typed
) -> None:
    left = typed("extract", *arguments.format(photos=photos).split(), *TINY)
    assert left.code == code, left.err
    assert said in " ".join(left.err.replace("│", " ").split())
    assert "Traceback" not in left.err
    assert not Path("f.npy").exists()
