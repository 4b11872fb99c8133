from __future__ import annotations

from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from hybridml import DeepFeatureExtractor, FeatureStore
from hybridml.exceptions import DataError, ImageDecodeError, InvalidParameterError
from hybridml.features import saving
from hybridml.features.saving import save_features
from hybridml.testing import make_photos, register_tiny_backbone

PHOTOS, LABELS = make_photos(30)


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    found = []
    for i, photo in enumerate(PHOTOS):
        found.append(str(tmp_path / f"{i}.png"))
        Image.fromarray(photo).save(found[-1])
    return found


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "_PART_ROWS", 7)


def tiny(**parameters: Any) -> DeepFeatureExtractor:
    return DeepFeatureExtractor(
        register_tiny_backbone(), **{"store": None, **parameters}
    )


@pytest.mark.usefixtures("small_parts")
def test_a_table_has_images_labels_and_features(
    paths: list[str], tmp_path: Path
) -> None:
    extractor = tiny(cut_layer=["stem", "penultimate"])
    output = tmp_path / "features.parquet"
    assert save_features(extractor, paths, output, labels=LABELS) == (30, 24)
    table = pd.read_parquet(output)
    names = list(extractor.get_feature_names_out())
    assert list(table.columns) == ["image", "label", *names]
    assert table["image"].tolist() == paths
    assert table["label"].tolist() == LABELS.tolist()
    expected = extractor.transform(paths)
    np.testing.assert_array_equal(table[names].to_numpy(np.float32), expected)


@pytest.mark.usefixtures("small_parts")
def test_an_array_has_the_features_alone(paths: list[str], tmp_path: Path) -> None:
    output = tmp_path / "features.npy"
    save_features(tiny(), paths, output)
    saved = np.load(output, mmap_mode="r")
    assert saved.dtype == np.float32
    np.testing.assert_array_equal(saved, tiny().transform(paths))


@pytest.mark.parametrize("suffix", [".parquet", ".npy"])
@pytest.mark.usefixtures("small_parts")
def test_images_and_results_may_be_urls(paths: list[str], suffix: str) -> None:
    memory = fsspec.filesystem("memory")
    urls = []
    for i, path in enumerate(paths):
        memory.pipe(f"/photos/{i}.png", Path(path).read_bytes())
        urls.append(f"memory://photos/{i}.png")
    save_features(tiny(), urls, f"memory://results/features{suffix}")
    expected = tiny().transform(paths)
    with fsspec.open(f"memory://results/features{suffix}", "rb") as stream:
        if suffix == ".npy":
            np.testing.assert_array_equal(np.load(stream), expected)
            return
        table = pd.read_parquet(stream)
    assert table["image"].tolist() == urls
    np.testing.assert_array_equal(table.iloc[:, 1:].to_numpy(np.float32), expected)


def test_images_without_a_name_have_a_number(tmp_path: Path) -> None:
    save_features(tiny(), PHOTOS, tmp_path / "features.parquet")
    table = pd.read_parquet(tmp_path / "features.parquet")
    assert table["image"].tolist() == list(range(30))


@pytest.mark.usefixtures("small_parts")
def test_bad_images_are_all_named_and_nothing_is_saved(
    paths: list[str], tmp_path: Path
) -> None:
    for i in (3, 25):
        Path(paths[i]).write_bytes(b"no image")
    store, output = FeatureStore(tmp_path / "store"), tmp_path / "out" / "f.parquet"
    output.parent.mkdir()
    with pytest.raises(ImageDecodeError, match=r"image 4 of 30(.|\n)*image 26 of 30"):
        save_features(tiny(store=store), paths, output)
    assert list(output.parent.iterdir()) == []
    assert store.stats()["images_forwarded"] == 28
    lenient = tiny(store=store, on_bad_image="nan")
    save_features(lenient, paths, output)
    is_missing = pd.read_parquet(output).isna().any(axis=1)
    assert is_missing.to_numpy().nonzero()[0].tolist() == [3, 25]


@pytest.mark.usefixtures("small_parts")
def test_an_interrupted_run_goes_on_where_it_stopped(
    paths: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, output = FeatureStore(tmp_path / "store"), tmp_path / "out" / "f.npy"
    output.parent.mkdir()
    write, n_written = saving._ArrayWriter.write, [0]

    def interrupted(*args: Any) -> None:
        n_written[0] += 1
        if n_written[0] == 3:
            raise KeyboardInterrupt
        write(*args)

    with monkeypatch.context() as patched:
        patched.setattr(saving._ArrayWriter, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            save_features(tiny(store=store), paths, output)
    assert list(output.parent.iterdir()) == []
    assert store.stats()["images_forwarded"] == 21
    save_features(tiny(store=store), paths, output)
    assert store.stats()["images_forwarded"] == 30
    np.testing.assert_array_equal(np.load(output), tiny().transform(paths))


@pytest.mark.parametrize(
    ("X", "output", "labels", "error", "message"),
    [
        (PHOTOS, "features.csv", None, InvalidParameterError, "ends in .parquet or"),
        (PHOTOS[:0], "features.npy", None, DataError, "Found no images"),
        (PHOTOS, "features.npy", LABELS[:3], DataError, "Got 3 labels for 30 images"),
    ],
)
def test_what_cannot_be_saved_is_said_first(
    tmp_path: Path, X: Any, output: str, labels: Any, error: type, message: str
) -> None:
    with pytest.raises(error, match=message):
        save_features(tiny(), X, tmp_path / output, labels=labels)
