from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hybridml import DeepFeatureExtractor
from hybridml.exceptions import InvalidParameterError
from hybridml.testing import make_photos, register_tiny_backbone

PHOTOS = make_photos(12)[0]


@pytest.fixture
def extractor() -> DeepFeatureExtractor:
    return DeepFeatureExtractor(register_tiny_backbone(), store=None)


def test_features_go_into_an_array(extractor: DeepFeatureExtractor) -> None:
    out = np.full((12, 16), 7, dtype=np.float32)
    assert extractor.transform(PHOTOS, out=out) is out
    np.testing.assert_array_equal(out, extractor.transform(PHOTOS))


def test_features_go_into_a_file(
    extractor: DeepFeatureExtractor, tmp_path: Path
) -> None:
    for path in (tmp_path / "a.npy", str(tmp_path / "b.npy")):
        mapped = extractor.transform(PHOTOS, out=path)
        assert isinstance(mapped, np.memmap)
        np.testing.assert_array_equal(np.load(path), extractor.transform(PHOTOS))


def test_features_of_repeated_images_go_into_a_file(tmp_path: Path) -> None:
    extractor = DeepFeatureExtractor(register_tiny_backbone(), store=tmp_path / "store")
    twice = np.concatenate([PHOTOS, PHOTOS[::-1]])
    for _ in range(2):
        mapped = extractor.transform(twice, out=tmp_path / "a.npy")
        np.testing.assert_array_equal(mapped[:12], mapped[12:][::-1])


@pytest.mark.parametrize(
    ("out", "message"),
    [
        (np.zeros((12, 15), np.float32), r"a writable array of shape \(12, 15\)"),
        (np.zeros((12, 16)), "dtype float64; expected a writable float32 array"),
        ([1, 2], r"out=\[1, 2\]"),
        ("features.txt", r"expected a path that ends in \.npy"),
        ("nowhere/at/all.npy", "expected a path in a folder that exists"),
    ],
)
def test_what_cannot_hold_the_features_is_named(
    extractor: DeepFeatureExtractor, out: Any, message: str
) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        extractor.transform(PHOTOS, out=out)


def test_a_read_only_array_is_refused(extractor: DeepFeatureExtractor) -> None:
    out = np.zeros((12, 16), dtype=np.float32)
    out.flags.writeable = False
    with pytest.raises(InvalidParameterError, match="a read-only array"):
        extractor.transform(PHOTOS, out=out)
