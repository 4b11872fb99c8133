"""The choice of a fraction sees the training part of each fold alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold

from hybridml.heads import make_head
from hybridml.transfer.all_layers import choosing
from hybridml.transfer.all_layers.choosing import Task, keep_best, score_choices

GRID = {"head__C": [0.01, 1.0]}


def _one_hot(labels: Any) -> Any:
    return np.eye(2)[labels]


def _score(features: Any, labels: Any, **changed: Any) -> Any:
    folds = StratifiedKFold(3).split(features, labels)
    given = {
        "folds": list(folds),
        "strengths": [0.1, 0.03],
        "fractions": [1.0, 0.02],
        "scoring": None,
        "n_jobs": None,
    }
    task = Task("multinomial", _one_hot, make_head("logistic"), GRID)
    return score_choices(task, features, labels, **{**given, **changed})


def _noise(n_images: int = 60) -> Any:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(n_images, 800)).astype(np.float32)
    return features, np.arange(n_images) % 2


def test_choices_come_from_the_smallest_fraction_to_all() -> None:
    features, labels = _noise()
    results = _score(features, labels)
    found = results[["fraction", "strength"]].to_numpy().tolist()
    expected = [[0.02, 0.1]] * 2 + [[0.02, 0.03]] * 2 + [[1.0, 0.1]] * 2
    assert found == expected
    assert results["params"].tolist() == [{"head__C": 0.01}, {"head__C": 1.0}] * 3


def test_noise_scores_by_chance() -> None:
    """Ranked on all the images, the best 2 % of noise would tell the classes apart."""
    features, labels = _noise()
    assert _score(features, labels)["score"].between(0.25, 0.75).all()


def test_few_features_that_matter_are_found() -> None:
    features, labels = _noise()
    features[:, 400] += 4 * labels
    results = _score(features, labels, fractions=[1 / 800, 1.0])
    few, everything = results.groupby("fraction")["score"].max()
    assert few > 0.9 > everything


def test_ranking_never_sees_the_test_part(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = _noise(12)
    features[:, 0] = np.arange(12)
    seen = []
    original = choosing.group_lasso_path

    def spy(table: Any, outputs: Any, **options: Any) -> Any:
        seen.append(set(table[:, 0].astype(int)))
        return original(table, outputs, **options)

    monkeypatch.setattr(choosing, "group_lasso_path", spy)
    folds = list(StratifiedKFold(3).split(features, labels))
    _score(features, labels, folds=folds)
    assert seen == [set(train) for train, _ in folds]


@pytest.mark.parametrize(
    ("fraction", "kept"), [(0.01, [3]), (0.25, [3]), (0.26, [1, 3]), (1, [0, 1, 2, 3])]
)
def test_fraction_keeps_at_least_one(fraction: float, kept: list[int]) -> None:
    assert keep_best(np.array([3, 1, 0, 2]), fraction).tolist() == kept


def test_three_tenths_of_ten_are_three() -> None:
    assert len(keep_best(np.arange(10), 0.1 + 0.2)) == 3
