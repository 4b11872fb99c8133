"""A tiny backbone that is always there, and made-up photos of two classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from hybridml.testing import make_photos, register_tiny_backbone

Photos = tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]


@pytest.fixture(autouse=True)
def _tiny_backbone() -> None:
    register_tiny_backbone()


@pytest.fixture
def photos() -> Photos:
    return make_photos(16)
