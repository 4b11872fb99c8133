"""The end of an extraction: nothing missing, nothing twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from hybridml import FeatureDataset, extract_features
from hybridml.distributed.finishing import find_rows, finish
from hybridml.distributed.folder import Folder
from hybridml.distributed.parts import part_name, read_rows, write_part
from hybridml.exceptions import DataError

Features = npt.NDArray[np.float32]


@pytest.fixture
def filled(photos: list[str], tiny: str, tmp_path: Path) -> FeatureDataset:
    return extract_features(
        photos, output=tmp_path / "rows", backbone=tiny, precision="fp32"
    )


def test_row_that_is_missing_is_told_of(
    filled: FeatureDataset, photos: list[str]
) -> None:
    folder = Folder(filled.path)
    digests = filled.images()["digest"].tolist()
    folder.remove("_manifest.json")
    folder.remove(sorted(filled.manifest["parts"])[0])
    with pytest.raises(DataError, match=r"of 70 images have no row in .*rows'"):
        finish(folder, images=photos, digests=digests, failures={}, told={})
    assert not folder.exists("_manifest.json")


def test_rows_that_are_there_twice_are_dropped(
    filled: FeatureDataset, photos: list[str], tiny: str, expected: Features
) -> None:
    folder = Folder(filled.path)
    configuration, parts = find_rows(folder)
    assert configuration is not None
    for name, digests in parts.items():
        some = digests[1:]
        rows = read_rows(folder, name, list(configuration.widths))[1][1:]
        names = [None] * len(some)
        write_part(
            folder,
            part_name(some),
            configuration,
            digests=some,
            images=names,
            rows=rows,
        )
    assert sum(map(len, find_rows(folder)[1].values())) > len(photos)
    again = extract_features(
        photos, output=filled.path, backbone=tiny, precision="fp32"
    )
    assert sum(map(len, find_rows(folder)[1].values())) == len(photos)
    assert sum(again.manifest["parts"].values()) == len(photos)
    np.testing.assert_array_equal(again.features(), expected)


def test_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    import pandas as pd

    table = pd.DataFrame({"digest": [b"1"]})
    table.to_parquet(tmp_path / "part-0.parquet")
    with pytest.raises(DataError, match=r"is no part of ours\. Choose an empty folder"):
        find_rows(Folder(str(tmp_path)))
