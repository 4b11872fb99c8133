"""The ensemble predicts numbers, one or several of each image."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from hybridml import DeepFeatureExtractor
from hybridml.exceptions import DataError
from hybridml.testing import register_tiny_backbone
from hybridml.transfer import LayerEnsembleRegressor


@pytest.fixture(autouse=True)
def _tiny() -> None:
    register_tiny_backbone()


def _regressor() -> LayerEnsembleRegressor:
    extractor = DeepFeatureExtractor("tiny", store=None, precision="fp32")
    return LayerEnsembleRegressor(extractor)


def _bright(n_images: int = 40) -> tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]:
    rng = np.random.default_rng(0)
    brightness = rng.permutation(np.linspace(20, 180, n_images))
    noise = rng.integers(0, 60, (n_images, 32, 32, 3))
    return (brightness[:, None, None, None] + noise).astype(np.uint8), brightness


def test_numbers_are_predicted() -> None:
    X, y = _bright()
    model = _regressor().fit(X[:30], y[:30])
    assert model.score(X[30:], y[30:]) > 0.9
    assert model.predict(X).shape == y.shape
    assert model.weights_.sum() == pytest.approx(1)


def test_several_numbers_have_the_shape_of_y() -> None:
    X, y = _bright()
    both = np.c_[y, -2 * y]
    predicted = _regressor().fit(X, both).predict(X)
    assert predicted.shape == both.shape
    one_column = _regressor().fit(X, y[:, None]).predict(X)
    assert one_column.shape == (40, 1)
    np.testing.assert_allclose(predicted[:, 1], -2 * predicted[:, 0], atol=1e-2)


def test_few_images_and_words_are_refused() -> None:
    X, y = _bright()
    with pytest.raises(DataError, match="at least 4"):
        _regressor().fit(X[:3], y[:3])
    with pytest.raises(DataError, match="number"):
        _regressor().fit(X[:4], ["a", "b", "c", "d"])
