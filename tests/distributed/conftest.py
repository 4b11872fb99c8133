"""What the tests of extractions share: photos as files, and an extractor to compare."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from hybridml import DeepFeatureExtractor
from hybridml.testing import make_photos, register_tiny_backbone

N_PHOTOS = 70  # more than a block


@pytest.fixture(scope="session")
def tiny() -> str:
    return register_tiny_backbone()


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return save_photos(tmp_path_factory.mktemp("photos"), N_PHOTOS)


@pytest.fixture(scope="session")
def expected(photos: list[str], tiny: str) -> npt.NDArray[np.float32]:
    return extracted(photos, tiny)


def extracted(
    images: list[str], backbone: str, cut_layer: object = "penultimate", **options: int
) -> npt.NDArray[np.float32]:
    """Features as the extractor gives them, in float32 on the CPU."""
    extractor = DeepFeatureExtractor(
        backbone,
        cut_layer=cut_layer,
        device="cpu",
        precision="fp32",
        store=None,
        **options,
    )
    return extractor.transform(images)


def save_photos(folder: Path, n_photos: int) -> list[str]:
    """Write JPEG files, each of other content."""
    pixels, _ = make_photos(n_photos)
    paths = [folder / f"{i:04}.jpg" for i in range(n_photos)]
    for path, photo in zip(paths, pixels, strict=True):
        Image.fromarray(photo).save(path)
    return [str(path) for path in paths]
