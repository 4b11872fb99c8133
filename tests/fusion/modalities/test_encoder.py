"""A modality is encoded where it is there, and known to be missing elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.sparse import issparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from hybridml import DeepFeatureExtractor
from hybridml.exceptions import DataError, ModalityWarning
from hybridml.fusion.modalities.encoder import ModalityEncoder
from hybridml.fusion.modalities.modality import Modality
from hybridml.testing import make_photos, register_tiny_backbone


def _photo_frame(folder: Path, n_rows: int = 6) -> pd.DataFrame:
    images, _ = make_photos(n_rows)
    paths = []
    for number, image in enumerate(images):
        paths.append(str(folder / f"{number}.png"))
        Image.fromarray(image).save(paths[-1])
    return pd.DataFrame({"path": paths})


def _extractor() -> DeepFeatureExtractor:
    return DeepFeatureExtractor(register_tiny_backbone(), store=None)


def test_rows_without_the_modality_are_zero_and_not_learned_from() -> None:
    frame = pd.DataFrame({"x": [1.0, 3.0, np.nan]})
    encoder = ModalityEncoder(Modality("x", StandardScaler(), ["x"]))
    block = encoder.fit_encode(frame, np.zeros(3))
    assert block.values.ravel().tolist() == [-1.0, 1.0, 0.0]
    assert block.is_present.tolist() == [True, True, False]


def test_sparse_features_stay_sparse_with_rows_missing() -> None:
    frame = pd.DataFrame({"x": ["ab", None, "cd ab"]})
    encoder = ModalityEncoder(Modality("x", TfidfVectorizer(), "x"))
    block = encoder.fit_encode(frame, np.zeros(3))
    assert issparse(block.values)
    assert block.values.shape == (3, 2)
    assert block.values[[1]].nnz == 0
    assert encoder.encode(frame.iloc[[1]]).values.shape[0] == 1


def test_unreadable_images_are_missing_with_a_warning(tmp_path: Path) -> None:
    frame = _photo_frame(tmp_path)
    Path(frame["path"][2]).write_bytes(b"no image")
    frame.loc[4, "path"] = str(tmp_path / "absent.png")
    encoder = ModalityEncoder(Modality("photo", _extractor(), "path"))
    with pytest.warns(ModalityWarning, match="'photo' cannot be read in 2 of 6 rows"):
        block = encoder.fit_encode(frame, np.zeros(6))
    assert np.flatnonzero(~block.is_present).tolist() == [2, 4]
    alone = _extractor().fit_transform(frame["path"].iloc[[5]])
    assert (block.values[5] == alone[0]).all()


def test_only_unreadable_images_are_an_error_in_fit_and_none_later(
    tmp_path: Path,
) -> None:
    frame = _photo_frame(tmp_path)
    encoder = ModalityEncoder(Modality("photo", _extractor(), "path"))
    encoder.fit_encode(frame, np.zeros(6))
    absent = pd.DataFrame({"path": [str(tmp_path / "absent.png")]})
    assert not encoder.encode(absent).is_present.any()
    with pytest.raises(DataError, match="'photo' cannot be read in any row"):
        ModalityEncoder(encoder.modality).fit_encode(absent, np.zeros(1))


def test_a_modality_that_is_missing_everywhere_is_named() -> None:
    frame = pd.DataFrame({"x": [None, ""]})
    encoder = ModalityEncoder(Modality("name", TfidfVectorizer(), "x"))
    with pytest.raises(DataError, match="'name' is missing in all 2 rows"):
        encoder.fit_encode(frame, np.zeros(2))


def test_gaps_within_rows_are_named() -> None:
    frame = pd.DataFrame({"x": [1.0, np.nan], "y": [1.0, 2.0]})
    encoder = ModalityEncoder(Modality("m", FunctionTransformer(), ["x", "y"]))
    with pytest.raises(DataError, match="'m' gives NaN in parts of rows"):
        encoder.fit_encode(frame, np.zeros(2))
