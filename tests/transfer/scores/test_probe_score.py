"""The probe is a nested cross-validation, spelled out."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.preprocessing import StandardScaler

from hybridml.exceptions import DataError, InvalidParameterError
from hybridml.transfer import ProbeScore, probe_score
from tests.transfer.scores.conftest import make_features


def test_score_of_classes_is_nested_cross_validation() -> None:
    X, y = make_features(60, 8, gap=0.4)
    scores = []
    for train, test in StratifiedKFold(5, shuffle=True, random_state=2).split(X, y):
        inner = StratifiedKFold(3, shuffle=True, random_state=2)
        folds = [(train[a], train[b]) for a, b in inner.split(X[train], y[train])]
        reached = [
            np.mean([_logistic(X, y, *fold, strength) for fold in folds])
            for strength in (0.001, 0.01, 0.1)
        ]
        best = (0.001, 0.01, 0.1)[int(np.argmax(reached))]
        scores.append(_logistic(X, y, train, test, best))
    found = probe_score(X, y, random_state=2)
    np.testing.assert_allclose(found.fold_scores, scores, atol=1e-12)
    assert found.mean == pytest.approx(np.mean(scores))
    spread = np.sqrt(np.sum((np.array(scores) - np.mean(scores)) ** 2) / 4)
    assert found.standard_error == pytest.approx(spread / np.sqrt(5))


def _logistic(X, y, train, test, strength: float) -> float:
    scale = StandardScaler().fit(X[train])
    head = LogisticRegression(C=strength, max_iter=1000)
    head.fit(scale.transform(X[train]), y[train])
    return float((head.predict(scale.transform(X[test])) == y[test]).mean())


def test_score_of_numbers_is_near_that_of_ridge() -> None:
    X, _ = make_features(80, 4)
    y = X @ [3.0, -2, 1, 0.5] + 0.1 * np.random.default_rng(0).normal(size=80)
    errors, spread = 0.0, ((y - y.mean()) ** 2).sum()
    for train, test in KFold(5, shuffle=True, random_state=0).split(X):
        scale = StandardScaler().fit(X[train])
        ridge = Ridge(alpha=1.0).fit(scale.transform(X[train]), y[train])
        errors += ((ridge.predict(scale.transform(X[test])) - y[test]) ** 2).sum()
    assert probe_score(X, y).mean == pytest.approx(1 - errors / spread, abs=0.01)


def test_labels_that_features_tell_are_learned() -> None:
    X, _ = make_features(80, 4)
    table = (X[:, :3] > X[:, :3].mean(axis=0)).astype(int)
    shuffled = np.random.default_rng(0).permutation(table)
    assert probe_score(X, table).mean > 0.8 > probe_score(X, shuffled).mean


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_threads_do_not_change_the_score(n_jobs: int) -> None:
    X, y = make_features(40, 4)
    assert probe_score(X, y, n_jobs=n_jobs) == probe_score(X, y)


def test_score_is_a_number() -> None:
    assert float(ProbeScore(0.5, 0.1, (0.4, 0.6))) == 0.5


def test_class_of_two_images_is_enough() -> None:
    X, _ = make_features(12, 4)
    assert len(probe_score(X, ["rare"] * 2 + ["common"] * 10).fold_scores) == 2


def test_class_of_one_image_is_refused() -> None:
    with pytest.raises(DataError, match=r"A probe needs at least 2 images in each"):
        probe_score(np.eye(5), list("aaaab"))


def test_too_few_images_for_numbers_are_refused() -> None:
    with pytest.raises(DataError, match="Got 3 images; a probe needs at least 4"):
        probe_score(np.eye(3), [0.5, 1.5, 2.5])


def test_all_wrong_options_are_named_at_once() -> None:
    with pytest.raises(InvalidParameterError, match=r"Got cv=1.*Got random_state=-1"):
        probe_score(np.eye(4), list("aabb"), cv=1, random_state=-1)
