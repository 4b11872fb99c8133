"""On real photos the ensemble is as good as the layer that is best there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from hybridml import TransferClassifier, load_image_folder

N_OF_EACH, N_DRAWS = 20, 3
HALF_A_POINT = 0.005

Photos = tuple[npt.NDArray[Any], npt.NDArray[Any]]


@pytest.fixture
def photos(shared_data: Path) -> Photos:
    """200 photos of cats and dogs."""
    folder = shared_data / "cats_vs_dogs" / "val"
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}")
    paths, labels = load_image_folder(folder)
    small = [Image.open(path).convert("RGB").resize((160, 160)) for path in paths]
    return np.stack([np.asarray(photo) for photo in small]), np.asarray(labels)


def _accuracy(X: Any, y: npt.NDArray[Any], store: Path, **options: Any) -> float:
    """Learn from 20 of each class, predict the rest: the mean of three draws."""
    found = []
    for seed in range(N_DRAWS):
        order = np.random.default_rng(seed).permutation(len(y))
        learned = np.concatenate([order[y[order] == c][:N_OF_EACH] for c in set(y)])
        asked = np.setdiff1d(order, learned)
        model = TransferClassifier(image_size=128, store=store, **options)
        found.append(model.fit(X[learned], y[learned]).score(X[asked], y[asked]))
    return float(np.mean(found))


@pytest.mark.slow
def test_where_the_last_layer_is_best(photos: Photos, tmp_path: Path) -> None:
    last = _accuracy(*photos, tmp_path, head="logistic")
    assert last > 0.9
    assert _accuracy(*photos, tmp_path, cut_layer="ensemble") > last - HALF_A_POINT


@pytest.mark.slow
def test_where_earlier_layers_are_best(photos: Photos, tmp_path: Path) -> None:
    X, _ = photos
    is_warm = np.arange(len(X)) % 2 == 1
    tinted = X.astype(np.float32)
    tinted[is_warm] *= [1.06, 1.0, 0.94]  # a little warmer
    warm = tinted.clip(0, 255).astype(np.uint8), is_warm.astype(str)
    searched = _accuracy(
        *warm, tmp_path, cut_layer="all", head=["linear_svm", "logistic"]
    )
    last = _accuracy(*warm, tmp_path, head="logistic")
    ensemble = _accuracy(*warm, tmp_path, cut_layer="ensemble")
    assert searched > last
    assert ensemble > searched - HALF_A_POINT
