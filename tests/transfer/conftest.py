"""A tiny backbone that is always there, and made-up photos in any container."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from PIL import Image

from hybridml.testing import make_photos, register_tiny_backbone

Photos = tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]


@pytest.fixture(autouse=True)
def _tiny_backbone() -> None:
    register_tiny_backbone()


@pytest.fixture
def photos() -> Photos:
    return make_photos(16)


@pytest.fixture
def shades() -> Photos:
    """Noisy grey images, and how bright each is."""
    rng = np.random.default_rng(0)
    brightness = rng.permutation(np.linspace(40, 200, 24))
    noise = rng.normal(0, 10, (24, 40, 40, 3))
    images = (brightness[:, None, None, None] + noise).clip(0, 255)
    return images.astype(np.uint8), brightness


_CONTAINERS = [
    "str",
    "Path",
    "Series",
    "frame",
    "object array",
    "bytes",
    "PIL",
    "stack",
]


@pytest.fixture(params=_CONTAINERS)
def contain(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Callable[[npt.NDArray[np.uint8]], Any]:
    """Put a stack of images into one kind of container after the other."""
    return lambda X: _contain(X, request.param, tmp_path)


def _contain(X: npt.NDArray[np.uint8], container: str, folder: Path) -> Any:
    images = [Image.fromarray(image) for image in X]
    paths = [folder / f"{i}.png" for i in range(len(images))]
    for image, path in zip(images, paths, strict=True):
        image.save(path)
    names = [str(path) for path in paths]
    ways: dict[str, Any] = {
        "str": names,
        "Path": paths,
        "Series": pd.Series(names, index=range(100, 100 + len(names))),
        "frame": pd.DataFrame({"image": names}),
        "object array": np.array(names, dtype=object),
        "bytes": [_encode(image) for image in images],
        "PIL": images,
        "stack": X,
    }
    return ways[container]


def _encode(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
