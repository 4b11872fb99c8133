"""Graphs against estimators on 200 real photos, run in a process without PyTorch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hybridml import TransferClassifier, load_image_folder, to_onnx
from hybridml._optional import is_installed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not is_installed("onnxruntime"), reason="needs hybridml[onnx]"),
]

SCRIPT = Path(__file__).with_name("fresh_process.py")
N_LEARNED = 60  # of each class
HEADS = [
    ("linear_svm", False),
    ("linear_svm", True),
    ("rbf_svm", False),
    ("rbf_svm", True),
    ("logistic", False),
    ("ridge", False),
    ("ridge", True),
    ("xgboost", False),
]


@pytest.mark.parametrize(("head", "calibrate"), HEADS)
def test_every_head_agrees_on_real_photos(
    head: str, calibrate: bool, shared_data: Path, tmp_path: Path
) -> None:
    options = {"head": head, "calibrate": calibrate}
    _compare(shared_data, tmp_path, **options)


@pytest.mark.parametrize(
    ("backbone", "weights"),
    [
        ("resnet18", None),  # real weights of it are not at hand
        ("mobilenet_v2", "mobilenet_v2-b0353104.pth"),
    ],
)
def test_other_backbones_agree_on_real_photos(
    backbone: str,
    weights: str | None,
    shared_data: Path,
    shared_weights: Path,
    tmp_path: Path,
) -> None:
    found = None if weights is None else shared_weights / weights
    options = {"backbone": backbone, "weights": found, "head": "logistic"}
    _compare(shared_data, tmp_path, **options)


@pytest.mark.parametrize(
    "options", [{"case": 0}, {"cut_layer": "ensemble"}, {"case": 2, "epochs": 1}]
)
def test_other_cases_agree_on_real_photos(
    options: dict[str, Any], shared_data: Path, tmp_path: Path
) -> None:
    _compare(shared_data, tmp_path, **options)


def _compare(data: Path, folder: Path, **options: Any) -> None:
    """Fit on some photos, export, and predict 200 others in both ways."""
    learned, labels = load_image_folder(data / "cats_vs_dogs" / "train")
    asked, _ = load_image_folder(data / "cats_vs_dogs" / "val")
    assert len(asked) == 200
    assert len({_size_of(path) for path in asked}) > 50
    some = np.concatenate(
        [np.flatnonzero(labels == name)[:N_LEARNED] for name in np.unique(labels)]
    )
    model = TransferClassifier(precision="fp32", store=folder / "store", **options)
    model.fit([learned[i] for i in some], labels[some])
    path = to_onnx(model, folder / "model.onnx", images=asked[::20])
    found = _predict_in_fresh_process(path, asked, folder)
    assert (found["label"] == model.predict(asked)).all()
    said = "probabilities" if hasattr(model, "predict_proba") else "scores"
    method = model.predict_proba if said == "probabilities" else model.decision_function
    np.testing.assert_allclose(found[said], method(asked), atol=1e-4, rtol=0)


def _size_of(path: str) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def _predict_in_fresh_process(
    model: Path, photos: Any, folder: Path
) -> dict[str, np.ndarray]:
    listed, out = folder / "photos.json", folder / "found.npz"
    listed.write_text(json.dumps([str(path) for path in photos]))
    command = [sys.executable, str(SCRIPT), str(model), str(listed), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(np.load(out))
