"""Ridge regression in closed form is ridge regression."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from hybridml.transfer.advice.closed_form import predict_ridge, similarities_of


@pytest.mark.parametrize("n_features", [5, 90])  # fewer and more than images
def test_predictions_are_those_of_scikit_learn(n_features: int) -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(3, 2, size=(40, n_features)).astype(np.float32)
    codes = rng.normal(size=(40, 2))
    train, test = np.arange(30), np.arange(30, 40)
    products = similarities_of(features)
    found = predict_ridge(products, codes, train, test, strengths=(0.1, 2.0))
    rows = StandardScaler().fit_transform(features.astype(np.float64))
    for strength, predicted in zip((0.1, 2.0), found, strict=True):
        model = Ridge(strength * n_features).fit(rows[train], codes[train])
        np.testing.assert_allclose(predicted, model.predict(rows[test]), atol=1e-6)


def test_features_that_do_not_vary_predict_the_mean() -> None:
    products = similarities_of(np.ones((6, 3), dtype=np.float32))
    codes = np.arange(6.0)[:, None]
    found = predict_ridge(products, codes, np.arange(4), np.array([4, 5]))
    np.testing.assert_allclose(found, 1.5)
