"""The group lasso's weights are the optimum, and its ranking finds what matters."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.linear_model import MultiTaskLasso

from hybridml.exceptions import DataError, InvalidParameterError, UnknownNameError
from hybridml.transfer.all_layers.group_lasso import (
    group_lasso_path,
    relevance,
    standardised,
)
from hybridml.transfer.all_layers.losses import LOSSES

Tables = tuple[npt.NDArray[Any], npt.NDArray[Any]]
EXACT = {"tolerance": 1e-7, "max_steps": 20_000}


def _tables(loss: str, n_features: int = 300) -> Tables:
    """Of the features only the first six matter, of which two are almost the same."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(80, n_features)) * rng.uniform(0.1, 9, n_features) + 3
    features[:, 5] = features[:, 4] + 0.1 * rng.normal(size=80)
    wanted = standardised(features)[:, :6] @ rng.normal(size=(6, 3))
    scores = wanted + rng.normal(size=(80, 3)) / 2
    if loss == "multinomial":
        return features, np.eye(3)[scores.argmax(axis=1)]
    return features, (scores > 0).astype(float) if loss == "binary" else scores


@pytest.mark.parametrize("strength", [0.5, 0.1, 0.02])
@pytest.mark.parametrize("loss", LOSSES)
def test_weights_are_the_optimum(loss: str, strength: float) -> None:
    features, targets = _tables(loss)
    (fit,) = group_lasso_path(
        features, targets, loss=loss, strengths=[strength], **EXACT
    )
    table = standardised(features)
    slope = LOSSES[loss].slope(table @ fit.weights + fit.intercept, targets)
    np.testing.assert_allclose(slope.sum(axis=0), 0, atol=1e-6)
    gradient, norms = table.T @ slope, fit.relevance
    has_weights = norms > 0
    assert 0 < has_weights.sum() < 300
    pull = fit.penalty * fit.weights[has_weights] / norms[has_weights, None]
    np.testing.assert_allclose(gradient[has_weights], -pull, atol=1e-6)
    assert np.linalg.norm(gradient[~has_weights], axis=1).max() < fit.penalty + 1e-6
    np.testing.assert_allclose(fit.pulls, np.linalg.norm(gradient, axis=1), atol=1e-6)


@pytest.mark.parametrize("strength", [0.5, 0.1, 0.02])
def test_squared_loss_agrees_with_the_multi_task_lasso(strength: float) -> None:
    features, targets = _tables("squared")
    (fit,) = group_lasso_path(
        features, targets, loss="squared", strengths=[strength], **EXACT
    )
    peer = MultiTaskLasso(alpha=fit.penalty, tol=1e-12, max_iter=100_000)
    peer.fit(standardised(features), targets)
    np.testing.assert_allclose(fit.weights, peer.coef_.T, atol=1e-5)
    np.testing.assert_allclose(fit.intercept, peer.intercept_, atol=1e-5)


@pytest.mark.parametrize("loss", LOSSES)
def test_path_gives_what_each_strength_gives_alone(loss: str) -> None:
    features, targets = _tables(loss)
    strengths = [0.05, 0.4, 0.1]
    path = group_lasso_path(features, targets, loss=loss, strengths=strengths, **EXACT)
    assert [fit.strength for fit in path] == strengths
    for fit in path:
        (alone,) = group_lasso_path(
            features, targets, loss=loss, strengths=[fit.strength], **EXACT
        )
        np.testing.assert_allclose(fit.weights, alone.weights, atol=1e-5)


@pytest.mark.parametrize("loss", LOSSES)
def test_features_that_matter_are_ranked_first(loss: str) -> None:
    features, targets = _tables(loss)
    (fit,) = group_lasso_path(features, targets, loss=loss, strengths=[0.2])
    assert set(fit.ranking[:4]) <= set(range(6))
    assert sorted(fit.ranking) == list(range(300))
    norms = fit.relevance[fit.ranking]
    assert (np.diff(norms) <= 0).all()
    assert (np.diff(fit.pulls[fit.ranking][norms == 0]) <= 0).all()


def test_at_full_strength_nothing_has_weights() -> None:
    features, targets = _tables("multinomial")
    (fit,) = group_lasso_path(features, targets, strengths=[1.0])
    assert not fit.relevance.any()
    assert fit.ranking[0] == fit.pulls.argmax()
    (weaker,) = group_lasso_path(features, targets, strengths=[0.97])
    assert np.flatnonzero(weaker.relevance).tolist() == [fit.ranking[0]]


@pytest.mark.parametrize("loss", LOSSES)
def test_single_precision_ranks_as_double_does(loss: str) -> None:
    features, targets = _tables(loss)
    single, double = (
        relevance(features.astype(kind), targets, loss=loss, tolerance=1e-4)
        for kind in (np.float32, np.float64)
    )
    np.testing.assert_allclose(single, double, atol=2e-3 * double.max())


def test_unit_and_offset_of_a_feature_do_not_matter() -> None:
    features, targets = _tables("multinomial")
    other = features * np.geomspace(1e-3, 1e3, 300) + np.arange(300)
    expected = relevance(features, targets, tolerance=1e-5)
    found = relevance(other, targets, tolerance=1e-5)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_two_fits_are_the_same_bit_for_bit() -> None:
    features, targets = _tables("multinomial")
    first, second = (relevance(features, targets) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_features_are_not_modified() -> None:
    features, targets = _tables("multinomial")
    before = features.copy()
    relevance(features, targets)
    np.testing.assert_array_equal(features, before)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6])
def test_constant_feature_is_not_relevant(value: float) -> None:
    features, targets = _tables("multinomial", 10)
    features = features.astype(np.float32)
    features[:, 0] = value
    assert relevance(features, targets)[0] == 0


@pytest.mark.parametrize(
    ("loss", "targets"),
    [
        ("squared", np.full((20, 2), 3.0)),
        ("binary", np.zeros((20, 2))),
        ("binary", np.ones((20, 1))),
    ],
)
def test_nothing_is_relevant_where_nothing_differs(
    loss: str, targets: npt.NDArray[Any]
) -> None:
    features = np.random.default_rng(0).normal(size=(20, 5))
    found = relevance(features, targets, loss=loss, strength=0.9)
    np.testing.assert_allclose(found, 0, atol=1e-12)


def test_all_features_constant_gives_zeros() -> None:
    (fit,) = group_lasso_path(np.ones((6, 4)), np.eye(2)[[0, 1, 0, 1, 0, 1]])
    assert not fit.relevance.any()
    assert fit.ranking.tolist() == [0, 1, 2, 3]


def test_no_features_are_ranked_as_none() -> None:
    (fit,) = group_lasso_path(np.ones((4, 0)), np.eye(2)[[0, 1, 0, 1]])
    assert fit.ranking.shape == (0,)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"strengths": []}, r"Got strengths=\[\]; expected numbers above 0, 1 at mo"),
        ({"strengths": [0.0]}, r"Got strengths=\[0.0\]"),
        ({"strengths": [1.1]}, r"Got strengths=\[1.1\]"),
        ({"tolerance": 0}, "Got tolerance=0; expected a number above 0"),
        ({"max_steps": 0}, "Got max_steps=0; expected a positive whole number"),
    ],
)
def test_wrong_parameter_is_named(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        group_lasso_path(np.eye(2), np.eye(2), **changed)


def test_unknown_loss_is_named() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'squared'"):
        relevance(np.eye(2), np.eye(2), loss="square")


@pytest.mark.parametrize(
    ("features", "targets", "message"),
    [
        (np.ones(3), np.ones((3, 1)), r"features of shape \(3,\)"),
        (np.ones((3, 2)), np.ones(3), r"targets of shape \(3,\)"),
        (np.ones((3, 2)), np.ones((4, 1)), "as many rows"),
        (np.ones((0, 2)), np.ones((0, 1)), "expected some"),
        (np.full((3, 2), np.nan), np.ones((3, 1)), "features that are missing"),
        (np.ones((3, 2)), np.full((3, 1), np.inf), "targets that are missing"),
    ],
)
def test_wrong_tables_are_refused(features: Any, targets: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        relevance(features, targets)
