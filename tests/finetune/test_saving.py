"""Saved estimators come back whole, and reading them runs no code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from torch import nn

from hybridml import FeatureStore, FineTuneClassifier, FineTuneRegressor
from hybridml.exceptions import DataError, InvalidParameterError, WeightsError
from hybridml.finetune import Callback
from hybridml.testing import register_tiny_backbone

Photos = tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]


def _classifier(**changed: Any) -> FineTuneClassifier:
    quick = {"epochs": 1, "store": None, "precision": "fp32", "batch_size": 8}
    return FineTuneClassifier(**{"backbone": "tiny", **quick, **changed})


@pytest.mark.parametrize(
    ("relabel", "given"),
    [
        (lambda y: y, {}),
        (lambda y: y, {"trainable": "last2", "pooling": "max", "test_views": 2}),
        (lambda y: y, {"class_weight": {"class0": 2, "class1": 1.5}}),
        (lambda y: (y == "class1").astype(int) + 7, {"class_weight": {7: 2, 8: 1}}),
        (lambda y: y == "class1", {"validation_fraction": 0}),
        (lambda y: np.stack([y == "class1", y == y], axis=1).astype(int), {}),
    ],
)
def test_what_is_loaded_predicts_the_same(
    photos: Photos, tmp_path: Path, relabel: Any, given: dict[str, Any]
) -> None:
    X, labels = photos
    model = _classifier(**given).fit(X, relabel(labels))
    model.save(tmp_path / "model")
    again = FineTuneClassifier.load(tmp_path / "model")
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    for loaded, kept in zip(again.classes_, model.classes_, strict=True):
        np.testing.assert_array_equal(loaded, kept)
    assert np.asarray(again.classes_).dtype == np.asarray(model.classes_).dtype
    pd.testing.assert_frame_equal(again.history_, model.history_)
    assert again.get_params() == model.get_params()


def test_numbers_come_back_on_their_own_scale(photos: Photos, tmp_path: Path) -> None:
    X, _ = photos
    y = X.mean(axis=(1, 2, 3)) * 1000
    model = FineTuneRegressor("tiny", store=None, epochs=1).fit(X, y)
    model.save(tmp_path)
    again = FineTuneRegressor.load(str(tmp_path))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_other_channels_come_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (12, 40, 40, 5), dtype=np.uint8)
    X[::2] //= 3
    model = _classifier(in_channels=5).fit(X, np.arange(12) % 2)
    model.save(tmp_path)
    again = FineTuneClassifier.load(tmp_path)
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_the_files_are_safetensors_and_plain_json(
    photos: Photos, tmp_path: Path
) -> None:
    store = FeatureStore(tmp_path / "store")
    _classifier(store=store, callbacks=[Callback()]).fit(*photos).save(tmp_path / "m")
    names = sorted(path.name for path in (tmp_path / "m").iterdir())
    assert names == ["estimator.json", "weights.safetensors"]

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    text = (tmp_path / "m" / "estimator.json").read_text()
    rest = json.loads(text, parse_constant=refuse)
    assert rest["params"]["store"] == str(tmp_path / "store")
    assert "callbacks" not in rest["params"]
    assert FineTuneClassifier.load(tmp_path / "m").callbacks == ()


def test_saving_again_replaces_what_was_there(photos: Photos, tmp_path: Path) -> None:
    X, y = photos
    _classifier(random_state=1, weights=None).fit(X, y).save(tmp_path)
    last = _classifier(random_state=2, weights=None).fit(X, y)
    last.save(tmp_path)
    again = FineTuneClassifier.load(tmp_path)
    np.testing.assert_array_equal(again.predict_proba(X), last.predict_proba(X))


def test_only_fitted_estimators_are_saved(tmp_path: Path) -> None:
    with pytest.raises(NotFittedError, match="not fitted yet"):
        _classifier().save(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_network_of_ones_own_is_code_and_not_saved(
    photos: Photos, tmp_path: Path
) -> None:
    own = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    )
    model = _classifier(backbone=own, image_size=32).fit(*photos)
    with pytest.raises(InvalidParameterError, match="Register it with register_backb"):
        model.save(tmp_path / "model")


def test_what_is_no_estimator_is_refused(photos: Photos, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"Cannot load an estimator from .*nowhere"):
        FineTuneClassifier.load(tmp_path / "nowhere")
    _classifier().fit(*photos).save(tmp_path)
    with pytest.raises(DataError, match="holds a FineTuneClassifier in format 1"):
        FineTuneRegressor.load(tmp_path)
    path = tmp_path / "estimator.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 99'))
    with pytest.raises(DataError, match=r"in format 99, of hybridml \d.*in format 1\."):
        FineTuneClassifier.load(tmp_path)
    (tmp_path / "weights.safetensors").write_bytes(b"cut off")
    with pytest.raises(DataError, match="Cannot load an estimator"):
        FineTuneClassifier.load(tmp_path)


def test_weights_of_another_network_are_refused(photos: Photos, tmp_path: Path) -> None:
    register_tiny_backbone("tiny too")
    _classifier().fit(*photos).save(tmp_path)
    path = tmp_path / "estimator.json"
    path.write_text(
        path.read_text().replace('"backbone": "tiny"', '"backbone": "lenet5"')
    )
    with pytest.raises(WeightsError, match="do not fit 'lenet5'"):
        FineTuneClassifier.load(tmp_path)
