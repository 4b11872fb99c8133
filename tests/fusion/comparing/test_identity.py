"""Parameters are known again by what they are, and by nothing else."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from hybridml import DeepFeatureExtractor, LateFusionClassifier
from hybridml.fusion.comparing.identity import identify, identify_networks
from hybridml.testing import register_tiny_backbone


def _halve(X: Any, by: float = 2.0) -> Any:
    return X / by


def _third(X: Any, by: float = 3.0) -> Any:
    return X / by


def _fusion(encoder: Any, **params: Any) -> LateFusionClassifier:
    return LateFusionClassifier([("photo", encoder, "path")], **params)


@pytest.mark.parametrize(
    "make",
    [
        lambda: _fusion(make_pipeline(StandardScaler(), PCA(3))),
        lambda: _fusion(FunctionTransformer(_halve)),
        lambda: _fusion(FunctionTransformer(np.log1p)),
        lambda: _fusion("image", head=[LogisticRegression(C=2)]),
        lambda: {"weights": np.arange(5000)},
    ],
)
def test_same_parameters_have_one_identity(make: Any) -> None:
    assert repr(identify(make())) == repr(identify(make()))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (_fusion(PCA(3)), _fusion(PCA(4))),
        (
            _fusion(make_pipeline(StandardScaler(), PCA(3))),
            _fusion(make_pipeline(StandardScaler(), PCA(4))),
        ),
        (_fusion("image"), _fusion("image", combine="mean")),
        (_fusion(FunctionTransformer(_halve)), _fusion(FunctionTransformer(_third))),
        (np.arange(5000), np.where(np.arange(5000) == 2500, 0, np.arange(5000))),
        ({1: "a"}, {"1": "a"}),
    ],
)
def test_different_parameters_have_two(one: Any, other: Any) -> None:
    assert repr(identify(one)) != repr(identify(other))


def test_what_changes_no_number_does_not_count() -> None:
    plain = DeepFeatureExtractor("tiny")
    other = DeepFeatureExtractor("tiny", store=None, n_jobs=2, verbose=1)
    assert repr(identify(plain)) == repr(identify(other))


def test_what_has_no_identity_is_never_known_again() -> None:
    bound = partial(_halve, by=4.0)
    captured = (lambda by: lambda X: X / by)(3.0)
    for value in (bound, captured, object()):
        assert repr(identify(value)) != repr(identify(value))


def test_networks_are_told_by_their_weights() -> None:
    register_tiny_backbone()
    first = DeepFeatureExtractor("tiny", weights=None, random_state=0)
    second = DeepFeatureExtractor("tiny", weights=None, random_state=1)
    told = [identify_networks(make_pipeline(one, PCA(2))) for one in (first, second)]
    assert told[0][0] != told[1][0]
    assert identify_networks(StandardScaler()) == []
