"""Probes see the same folds, and the fewer the images the more of them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from hybridml.comparing.tasks import Task
from hybridml.transfer.advice.closed_form import STRENGTHS
from hybridml.transfer.advice.probing import (
    make_probe_folds,
    probe_layer,
    probe_outputs,
)


@pytest.mark.parametrize(
    ("n_images", "n_folds"), [(10, 50), (60, 25), (150, 10), (299, 10), (300, 5)]
)
def test_few_images_are_divided_more_often(n_images: int, n_folds: int) -> None:
    folds = make_probe_folds(np.arange(n_images) % 2, "classification", 0)
    assert len(folds) == n_folds
    tested = np.concatenate([test for _, test in folds])
    assert set(np.bincount(tested)) == {n_folds // 5}


def test_probe_is_the_best_strength_of_those_tried() -> None:
    rng = np.random.default_rng(0)
    labels = np.array(["a", "b", "c"] * 20)
    features = rng.normal(size=(60, 8)).astype(np.float32)
    features[:, 0] += np.arange(60) % 3
    folds = make_probe_folds(labels, "classification", 0)
    found = probe_layer("stem", features, labels, folds, "classification")
    rows = StandardScaler().fit_transform(features.astype(np.float64))
    codes = np.eye(3)[np.arange(60) % 3]
    means = []
    for strength in STRENGTHS:
        model = Ridge(strength * 8)  # the mean squared length of eight features
        scores = [
            np.mean(
                model.fit(rows[train], codes[train]).predict(rows[test]).argmax(axis=1)
                == codes[test].argmax(axis=1)
            )
            for train, test in folds
        ]
        means.append(np.mean(scores))
    assert found.mean == pytest.approx(max(means))
    assert (found.case, found.cut_layer) == (1, "stem")


@pytest.mark.parametrize("task", ["multilabel", "regression"])
def test_numbers_and_labels_that_a_line_tells_are_found(task: Task) -> None:
    features = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
    told = features @ np.array([[1, 0], [2, 1], [0, 3], [0, 0]], dtype=np.float32)
    targets = told > 0 if task == "multilabel" else told.astype(np.float64)
    folds = make_probe_folds(targets, task, 0)
    assert probe_layer("stem", features, targets, folds, task).mean > 0.9
    shuffled = np.random.default_rng(1).permutation(features)
    assert probe_layer("stem", shuffled, targets, folds, task).mean < 0.7


def test_outputs_that_name_the_classes_are_found() -> None:
    labels = np.array(["a", "b"] * 20)
    logits = np.zeros((40, 5), dtype=np.float32)
    logits[np.arange(40), np.arange(40) % 2] = 9.0
    folds = make_probe_folds(labels, "classification", 0)
    assert probe_outputs(logits, labels, folds).mean == 1.0
    shuffled = np.random.default_rng(0).permutation(labels)
    assert 0.2 < probe_outputs(logits, shuffled, folds).mean < 0.8
