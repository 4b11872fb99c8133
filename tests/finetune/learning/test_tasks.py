"""Losses, scores and probes of the tasks are those of scikit-learn and torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, log_loss, r2_score

from hybridml.finetune.learning.tasks import Classification, MultiLabel, Regression

RNG = np.random.default_rng(0)
FEATURES, WEIGHTS = RNG.normal(size=(40, 6)), RNG.integers(1, 4, 40).astype(float)
OUTPUTS, CODES = RNG.normal(size=(40, 3)), np.arange(40) % 3
PRESENT = (RNG.random((40, 3)) < [0.5, 0.2, 0.8]).astype(np.float32)
NUMBERS = RNG.normal(size=(40, 3)).astype(np.float32)

TASKS = [
    (Classification(3), torch.from_numpy(CODES)),
    (MultiLabel(3), torch.from_numpy(PRESENT)),
    (Regression(3), torch.from_numpy(NUMBERS)),
]


def _mean(losses: torch.Tensor) -> float:
    return float(np.average(losses.numpy(), weights=WEIGHTS))


def test_loss_of_classes_is_their_log_loss() -> None:
    losses = Classification(3).losses(torch.tensor(OUTPUTS), torch.tensor(CODES))
    expected = log_loss(CODES, softmax(OUTPUTS, axis=1), sample_weight=WEIGHTS)
    assert _mean(losses) == pytest.approx(expected)


def test_loss_of_labels_is_their_mean_log_loss() -> None:
    losses = MultiLabel(3).losses(torch.tensor(OUTPUTS), torch.tensor(PRESENT))
    expected = [
        log_loss(PRESENT[:, k], expit(OUTPUTS[:, k]), sample_weight=WEIGHTS)
        for k in range(3)
    ]
    assert _mean(losses) == pytest.approx(np.mean(expected))


def test_loss_of_numbers_is_their_squared_error() -> None:
    losses = Regression(3).losses(torch.tensor(OUTPUTS), torch.tensor(NUMBERS))
    expected = ((OUTPUTS - NUMBERS) ** 2).mean(axis=1)
    np.testing.assert_allclose(losses.numpy(), expected, rtol=1e-6)


@pytest.mark.parametrize(("task", "targets"), TASKS)
def test_spread_out_targets_have_the_same_loss(task: Any, targets: Any) -> None:
    outputs = torch.tensor(OUTPUTS).float()
    spread = task.spread_out(targets)
    assert spread.shape == (40, 3)
    assert spread.dtype == torch.float32
    for smoothing in (0.0, 0.1):
        expected = task.losses(outputs, targets, smoothing)
        torch.testing.assert_close(task.losses(outputs, spread, smoothing), expected)


@pytest.mark.parametrize(("task", "targets"), TASKS[:2])
def test_smoothing_takes_the_reward_from_certainty(task: Any, targets: Any) -> None:
    sure = (task.spread_out(targets) * 2 - 1) * 50
    assert task.losses(sure, targets).max() < 1e-6
    assert task.losses(sure, targets, 0.1).min() > 1


def test_score_of_classes_is_their_accuracy() -> None:
    found = Classification(3).score(
        torch.tensor(OUTPUTS), torch.tensor(CODES), torch.tensor(WEIGHTS)
    )
    expected = accuracy_score(CODES, OUTPUTS.argmax(axis=1), sample_weight=WEIGHTS)
    assert found == pytest.approx(expected)


def test_score_of_labels_is_the_accuracy_of_each() -> None:
    found = MultiLabel(3).score(
        torch.tensor(OUTPUTS), torch.tensor(PRESENT), torch.tensor(WEIGHTS)
    )
    expected = [
        accuracy_score(PRESENT[:, k], OUTPUTS[:, k] > 0, sample_weight=WEIGHTS)
        for k in range(3)
    ]
    assert found == pytest.approx(np.mean(expected))


def test_score_of_numbers_is_r_squared() -> None:
    predicted = NUMBERS + 0.3 * OUTPUTS
    found = Regression(3).score(
        torch.tensor(predicted), torch.tensor(NUMBERS), torch.tensor(WEIGHTS)
    )
    assert found == pytest.approx(r2_score(NUMBERS, predicted, sample_weight=WEIGHTS))


def test_numbers_that_do_not_vary_have_no_part_in_the_score() -> None:
    task, numbers = Regression(2), torch.tensor([[1.0, 5.0], [2.0, 5.0]])
    assert task.score(numbers, numbers, torch.ones(2)) == 1
    assert np.isnan(task.score(numbers[:1], numbers[:1], torch.ones(1)))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_probe_of_classes_is_logistic_regression(n_classes: int) -> None:
    codes, task = CODES % n_classes, Classification(n_classes)
    weight, bias = task.fit_linear(FEATURES, codes, WEIGHTS, 0.1)
    model = LogisticRegression(C=0.1, max_iter=2000).fit(FEATURES, codes, WEIGHTS)
    assert weight.shape == (n_classes, 6)
    found = softmax(FEATURES @ weight.T + bias, axis=1)
    np.testing.assert_allclose(found, model.predict_proba(FEATURES), atol=1e-6)


def test_probe_of_labels_is_a_logistic_regression_each() -> None:
    weight, bias = MultiLabel(3).fit_linear(FEATURES, PRESENT, WEIGHTS, 0.1)
    found = expit(FEATURES @ weight.T + bias)
    for k in range(3):
        model = LogisticRegression(C=0.1, max_iter=2000)
        model.fit(FEATURES, PRESENT[:, k], WEIGHTS)
        expected = model.predict_proba(FEATURES)[:, 1]
        np.testing.assert_allclose(found[:, k], expected, atol=1e-6)


@pytest.mark.parametrize(("value", "expected"), [(0.0, 0.0025), (1.0, 0.9975)])
def test_a_label_that_all_or_none_have_is_taken_as_certain(
    value: float, expected: float
) -> None:
    present, weights = PRESENT.copy(), WEIGHTS.copy()
    present[:, 1], weights[0] = value, 0
    present[0, 1] = 1 - value  # counts for nothing
    weight, bias = MultiLabel(3).fit_linear(FEATURES, present, weights, 0.1)
    proba = expit(FEATURES @ weight.T + bias)[:, 1]
    np.testing.assert_allclose(proba, expected, atol=1e-3)


@pytest.mark.parametrize("n_targets", [1, 3])
def test_probe_of_numbers_is_ridge_regression(n_targets: int) -> None:
    numbers = NUMBERS[:, :n_targets]
    weight, bias = Regression(n_targets).fit_linear(FEATURES, numbers, WEIGHTS, 10)
    expected = Ridge(alpha=10).fit(FEATURES, numbers, WEIGHTS).predict(FEATURES)
    assert weight.shape == (n_targets, 6)
    assert bias.shape == (n_targets,)
    np.testing.assert_allclose(
        FEATURES @ weight.T + bias, expected.reshape(40, -1), atol=1e-6
    )


@pytest.mark.parametrize(("task", "targets"), TASKS)
def test_strengths_begin_with_the_strongest(task: Any, targets: Any) -> None:
    known = FEATURES, targets.numpy(), WEIGHTS
    norms = [
        np.linalg.norm(task.fit_linear(*known, strength)[0])
        for strength in task.strengths
    ]
    assert norms == sorted(norms)
