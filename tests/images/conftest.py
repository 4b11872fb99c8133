"""Generated images, and how they are written."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image

Pixels = npt.NDArray[np.uint8]


@pytest.fixture
def noise() -> Callable[..., Pixels]:
    """Random pixels of the shape given, the same in every run."""

    def make(*shape: int, seed: int = 0) -> Pixels:
        return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)

    return make


@pytest.fixture
def encode() -> Callable[..., bytes]:
    """The bytes of a PIL image or an array in a file format."""

    def write(image: Any, file_format: str = "PNG", **options: Any) -> bytes:
        if isinstance(image, np.ndarray):
            image = Image.fromarray(image)
        stream = io.BytesIO()
        image.save(stream, file_format, **options)
        return stream.getvalue()

    return write


@pytest.fixture
def plant(tmp_path: Path) -> Callable[..., Path]:
    """Write tiny images (and other files, with text) under a folder; return it."""
    content = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(content, "PNG")

    def write(*names: str, root: str = "root") -> Path:
        folder = tmp_path / root
        folder.mkdir(exist_ok=True)
        for name in names:
            path = folder / name
            if name.endswith("/"):
                path.mkdir(parents=True, exist_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.getvalue())
        return folder

    return write


@pytest.fixture
def photos(noise: Callable[..., Pixels]) -> torch.Tensor:
    """Smooth uint8 images of shape (6, 3, 48, 60)."""
    small = [Image.fromarray(noise(6, 8, 3, seed=i)) for i in range(6)]
    stack = np.stack([np.asarray(image.resize((60, 48))) for image in small])
    return torch.from_numpy(stack).permute(0, 3, 1, 2)
