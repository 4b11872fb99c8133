"""Reading a dataset of features."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridml import FeatureDataset, FeatureStore, extract_features
from hybridml.exceptions import DataError, StoreWarning, UnknownCutLayerError
from hybridml.testing import make_photos


@pytest.fixture
def dataset(tiny: str, tmp_path: Path) -> FeatureDataset:
    X, _ = make_photos(3)
    return extract_features(X, output=tmp_path / "rows", backbone=tiny)


def test_cut_layers_are_all_the_declared_stages(dataset: FeatureDataset) -> None:
    assert dataset.cut_layers == ["stem", "stage1", "penultimate", "logits"]


def test_unknown_cut_layer_is_named(dataset: FeatureDataset) -> None:
    with pytest.raises(UnknownCutLayerError, match="Did you mean 'stem'"):
        dataset.features("stm")


def test_folder_without_a_dataset_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "none", tmp_path / "file"):
        with pytest.raises(DataError, match="expected a finished dataset"):
            FeatureDataset(path)


def test_store_that_is_too_small_is_told_of(
    dataset: FeatureDataset, tmp_path: Path
) -> None:
    dataset.manifest["n_rows"] = 10**6  # as if it were large
    store = FeatureStore(tmp_path / "store", max_bytes=2**20)
    with pytest.warns(StoreWarning, match="Raise max_bytes"):
        assert dataset.copy_to(store) == 3


def test_repr_names_the_folder(dataset: FeatureDataset) -> None:
    assert repr(dataset) == f"FeatureDataset({dataset.path!r})"
