"""What the tests of serving share: models that are served, and a photo."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hybridml.models.folder import read_model, write_model
from hybridml.models.manifest import Manifest
from hybridml.serving import Limits, ServedModel
from tests.models.estimators import fitted


@pytest.fixture(scope="session")
def photo() -> bytes:
    """A JPEG of 64 x 48 pixels."""
    pixels = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG")
    return stream.getvalue()


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Saved models by the names of `tests.models.estimators`; filled as needed."""
    return {"": tmp_path_factory.mktemp("served")}


@pytest.fixture
def serve(folders: dict[str, Path]) -> Any:
    """Load a model of `tests.models.estimators` as a served one."""

    def load(name: str, **limits: int) -> ServedModel:
        if name not in folders:
            folders[name] = folders[""] / str(len(folders))
            write_model(fitted(name)[0], folders[name])
        folder = folders[name]
        return ServedModel(read_model(folder), Manifest.read(folder), Limits(**limits))

    return load
