"""Each affine step, folded into the map behind it, against the step itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from hybridml.exceptions import FusingError
from hybridml.fusing.affine_steps import fold_step
from hybridml.heads.floored_scaler import FlooredScaler

STEPS = [
    StandardScaler(),
    StandardScaler(with_mean=False),
    StandardScaler(with_std=False),
    FlooredScaler(),
    MinMaxScaler((-1, 3)),
    MaxAbsScaler(),
    RobustScaler(),
    RobustScaler(with_centering=False, with_scaling=False),
    PCA(3),
    PCA(3, whiten=True),
    PCA(whiten=True),
    TruncatedSVD(2),
    SelectKBest(k=2),
    VarianceThreshold(0.1),
    FunctionTransformer(),
    "passthrough",
    None,
]


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_folded_step_and_the_step_before_the_map_agree(step: Any) -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(5, [1, 0.001, 3, 100, 7], (40, 5))
    if hasattr(step, "fit"):
        step = step.fit(features, rng.integers(0, 2, 40))
    inner = step.transform(features) if hasattr(step, "fit") else features
    weights, bias = rng.normal(size=(2, inner.shape[1])), rng.normal(size=2)
    wide, shifted = fold_step("step", step, weights, bias)
    expected = inner @ weights.T + bias
    assert wide.shape == (2, 5)
    assert np.allclose(
        features @ wide.T + shifted, expected, rtol=0, atol=1e-7 * abs(expected).max()
    )


@pytest.mark.parametrize("step", [Normalizer(), QuantileTransformer(n_quantiles=5)])
def test_step_that_is_not_affine_is_refused_by_name(step: Any) -> None:
    step.fit(np.random.default_rng(0).normal(size=(9, 2)))
    with pytest.raises(FusingError, match=f"'unit' \\({type(step).__name__}\\)"):
        fold_step("unit", step, np.ones((1, 2)), np.zeros(1))


def test_function_is_refused() -> None:
    with pytest.raises(FusingError, match="FunctionTransformer"):
        fold_step("log", FunctionTransformer(np.log1p), np.ones((1, 2)), np.zeros(1))


def test_clipping_is_refused() -> None:
    step = MinMaxScaler(clip=True).fit([[0.0], [1.0]])
    with pytest.raises(FusingError, match=r"clip=True.*clip=False"):
        fold_step("squeeze", step, np.ones((1, 1)), np.zeros(1))
