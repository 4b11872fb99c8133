"""The probe is scikit-learn's linear model, written as one linear layer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import softmax
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from torch import Tensor, nn

from hybridml.finetune.learning.probe import Floats, LinearHead, choose_probe, fit_probe
from hybridml.finetune.learning.tasks import Classification, Regression
from hybridml.heads.floored_scaler import FlooredScaler

TWO, THREE = Classification(2), Classification(3)


def _problem(n_classes: int) -> tuple[Floats, Tensor]:
    features, labels = make_classification(
        90, 12, n_informative=6, n_classes=n_classes, random_state=0
    )
    shifted = (features * np.geomspace(0.01, 100, 12) + 5).astype(np.float32)
    return shifted, torch.from_numpy(labels)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_probe_gives_the_probabilities_of_scaled_logistic_regression(
    n_classes: int,
) -> None:
    features, labels = _problem(n_classes)
    task = Classification(n_classes)
    probe = fit_probe(task, features, labels, torch.ones(90), 0.1)
    model = make_pipeline(FlooredScaler(), LogisticRegression(C=0.1, max_iter=2000))
    expected = model.fit(features, labels).predict_proba(features)
    assert probe.weight.shape == (n_classes, 12)
    found = softmax(probe.scores(features), axis=1)
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_probe_of_numbers_gives_the_predictions_of_scaled_ridge_regression() -> None:
    features, _ = _problem(2)
    numbers = np.random.default_rng(0).normal(size=(90, 2)).astype(np.float32)
    probe = fit_probe(
        Regression(2), features, torch.from_numpy(numbers), torch.ones(90), 10.0
    )
    model = make_pipeline(FlooredScaler(), Ridge(alpha=10.0)).fit(features, numbers)
    np.testing.assert_allclose(
        probe.scores(features), model.predict(features), atol=2e-4
    )


def test_constant_features_do_no_harm() -> None:
    features, labels = _problem(2)
    features[:, 3] = 7.0
    probe = fit_probe(TWO, features, labels, torch.ones(90), 0.1)
    assert np.isfinite(probe.scores(features)).all()


def test_rows_without_weight_do_not_matter() -> None:
    features, labels = _problem(3)
    weights = torch.ones(90)
    weights[:30] = 0
    with_them = fit_probe(THREE, features, labels, weights, 0.1)
    without = fit_probe(THREE, features[30:], labels[30:], weights[30:], 0.1)
    np.testing.assert_allclose(with_them.weight, without.weight, rtol=1e-3, atol=1e-5)


def test_strength_is_the_one_with_the_least_held_out_loss() -> None:
    features, labels = _problem(2)
    weights, held_out = torch.ones(90), np.arange(0, 90, 3)
    rest = np.setdiff1d(np.arange(90), held_out)
    task = replace(TWO, strengths=(1e-6, 0.01, 0.3))
    probe, c = choose_probe(task, features, labels, held_out, weights)
    losses = {}
    for each in task.strengths:
        head = fit_probe(task, features[rest], labels[rest], weights[rest], each)
        proba = softmax(head.scores(features[held_out]), axis=1)
        losses[each] = -np.log(proba[np.arange(30), labels[held_out]]).mean()
    assert c == min(losses, key=lambda each: losses[each])
    expected = fit_probe(task, features[rest], labels[rest], weights[rest], c)
    np.testing.assert_array_equal(probe.weight, expected.weight)


def test_held_out_rows_without_weight_do_not_choose() -> None:
    features, labels = _problem(2)
    held_out, wrong = np.arange(0, 90, 3), labels.clone()
    wrong[held_out[::2]] = 1 - wrong[held_out[::2]]
    weights = torch.ones(90)
    weights[held_out[::2]] = 0
    chosen = [
        choose_probe(TWO, features, y, held_out, weights)[1] for y in (labels, wrong)
    ]
    assert chosen[0] == chosen[1]


def test_middle_strength_is_taken_where_nothing_is_held_out() -> None:
    features, labels = _problem(2)
    nothing = np.array([], dtype=np.intp)
    probe, c = choose_probe(TWO, features, labels, nothing, torch.ones(90))
    assert c == 0.01
    every = fit_probe(TWO, features, labels, torch.ones(90), c)
    np.testing.assert_array_equal(probe.weight, every.weight)


def test_no_rows_have_no_scores() -> None:
    head = LinearHead(np.ones((3, 2), np.float32), np.zeros(3, np.float32))
    assert head.scores(np.empty((0, 2), np.float32)).shape == (0, 3)


def test_head_of_a_layer_is_a_copy() -> None:
    layer = nn.Linear(4, 3)
    head = LinearHead.of(layer)
    before = head.weight.copy()
    nn.init.zeros_(layer.weight)
    np.testing.assert_array_equal(head.weight, before)
    assert head.bias.shape == (3,)
