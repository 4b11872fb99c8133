from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.preprocessing import StandardScaler

from hybridml.transfer.evidence.neighbours import neighbour_score

FEATURES = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)


@pytest.mark.parametrize(
    ("task", "kind", "score"),
    [
        ("classification", KNeighborsClassifier, accuracy_score),
        ("regression", KNeighborsRegressor, r2_score),
    ],
)
def test_score_is_that_of_leaving_one_out(task, kind, score) -> None:  # type: ignore[no-untyped-def]
    targets = (FEATURES[:, 0] > 0) if task == "classification" else FEATURES[:, 0]
    scaled = StandardScaler().fit_transform(FEATURES)
    predicted = cross_val_predict(kind(5), scaled, targets, cv=LeaveOneOut())
    expected = score(targets, predicted)
    assert neighbour_score(FEATURES, targets, task) == pytest.approx(expected)


def test_several_labels_are_scored_by_f1() -> None:
    labels = np.stack([FEATURES[:, 0] > 0, FEATURES[:, 1] > 9], axis=1)
    assert 0 < neighbour_score(FEATURES, labels, "multilabel") <= 0.5  # one has none


def test_three_images_are_enough() -> None:
    assert neighbour_score(FEATURES[:3], np.array([0, 0, 1]), "classification") <= 1
