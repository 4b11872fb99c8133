from __future__ import annotations

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from hybridml.heads.floored_scaler import FlooredScaler
from hybridml.heads.making import make_head

FEATURES = np.random.default_rng(0).normal(size=(50, 5)) * [1, 2, 1, 0.5, 1]


@parametrize_with_checks([FlooredScaler()])
def test_scaler_keeps_the_rules_of_scikit_learn(estimator, check) -> None:  # type: ignore[no-untyped-def]
    check(estimator)


def test_features_that_vary_are_standardised_as_ever() -> None:
    expected = StandardScaler().fit_transform(FEATURES)
    np.testing.assert_array_equal(FlooredScaler().fit_transform(FEATURES), expected)


def test_feature_that_hardly_varies_is_not_blown_up() -> None:
    features = FEATURES.copy()
    features[:, 2] *= 1e-6
    scaler = FlooredScaler().fit(features)
    typical = np.median(features.std(axis=0))
    assert scaler.scale_[2] == pytest.approx(0.1 * typical)
    features[0, 2] = 3.0  # alive in an image that was not learned from
    assert np.abs(scaler.transform(features)).max() < 40
    assert np.abs(StandardScaler().fit(features[1:]).transform(features)).max() > 1e6


def test_constant_features_stay_nought() -> None:
    features = np.c_[FEATURES, np.full(50, 7.0)]
    assert (FlooredScaler().fit_transform(features)[:, -1] == 0).all()
    assert (FlooredScaler().fit_transform(np.ones((4, 2))) == 0).all()


def test_weights_and_types_are_heeded() -> None:
    weights = np.arange(50.0)
    scaled = FlooredScaler().fit(FEATURES, sample_weight=weights)
    expected = StandardScaler().fit(FEATURES, sample_weight=weights)
    np.testing.assert_array_equal(scaled.mean_, expected.mean_)
    assert FlooredScaler().fit_transform(FEATURES.astype(np.float32)).dtype == "f4"
    assert FlooredScaler(with_std=False).fit(FEATURES).scale_ is None


def test_heads_scale_so() -> None:
    assert isinstance(make_head("linear_svm").named_steps["scale"], FlooredScaler)
