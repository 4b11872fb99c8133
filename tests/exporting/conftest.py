"""Tests of exporting need its packages."""

from __future__ import annotations

import pytest

from hybridml._optional import is_installed

NEEDED = ("onnx", "onnxruntime", "onnxscript", "skl2onnx")


@pytest.fixture(autouse=True)
def _packages() -> None:
    missing = [name for name in NEEDED if not is_installed(name)]
    if missing:
        pytest.skip(f"needs hybridml[onnx]: {', '.join(missing)}")
