"""Probes see the same folds, and the fewer the images the more of them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

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


def test_probe_is_the_best_strength_of_its_grid() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    features = rng.normal(size=(60, 8)).astype(np.float32)
    features[:, 0] += labels
    folds = make_probe_folds(labels, "classification", 0)
    found = probe_layer("stem", features, labels, folds, "classification", 0)
    means = []
    for strength in (0.001, 0.01, 0.1):
        model = LogisticRegression(C=strength, max_iter=1000)
        pipeline = make_pipeline(StandardScaler(), model)
        means.append(
            cross_val_score(pipeline, features.astype(float), labels, cv=folds).mean()
        )
    assert found.mean == pytest.approx(max(means))
    assert (found.case, found.cut_layer) == (1, "stem")


def test_outputs_that_name_the_classes_are_found() -> None:
    labels = np.array(["a", "b"] * 20)
    logits = np.zeros((40, 5), dtype=np.float32)
    logits[np.arange(40), np.arange(40) % 2] = 9.0
    folds = make_probe_folds(labels, "classification", 0)
    assert probe_outputs(logits, labels, folds).mean == 1.0
    shuffled = np.random.default_rng(0).permutation(labels)
    assert 0.2 < probe_outputs(logits, shuffled, folds).mean < 0.8
