"""Searches of scikit-learn over cut layers and backbones: one pass for each image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from joblib import parallel_config
from PIL import Image
from sklearn.ensemble import StackingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    cross_val_score,
)
from sklearn.pipeline import Pipeline
from sklearn.svm import LinearSVC

from hybridml import DeepFeatureExtractor, FeatureStore
from hybridml.testing import make_photos

N_PHOTOS = 24
# Built-in networks, since processes of their own know of no registered ones.
BACKBONES = ("lenet5", "convnet3")
CUTS = ("penultimate", "logits", ["penultimate", "logits"], -2)
GRID = {"extract__cut_layer": list(CUTS), "head__C": [0.1, 1.0]}
both_ways = pytest.mark.parametrize(
    "n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)]
)


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    found = []
    for i, photo in enumerate(make_photos(N_PHOTOS)[0]):
        found.append(str(tmp_path / f"{i}.png"))
        Image.fromarray(photo).save(found[-1])
    return found


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(tmp_path / "store")


def labels() -> np.ndarray:
    return make_photos(N_PHOTOS)[1]


def pipeline(store: FeatureStore, backbone: str = "lenet5") -> Pipeline:
    extractor = DeepFeatureExtractor(backbone, weights=None, store=store)
    return Pipeline([("extract", extractor), ("head", LinearSVC())])


def n_forwarded(store: FeatureStore) -> int:
    return int(store.stats()["images_forwarded"])


def search_all_cuts(store: FeatureStore, n_jobs: int) -> GridSearchCV:
    return GridSearchCV(pipeline(store), GRID, cv=3, n_jobs=n_jobs, error_score="raise")


@both_ways
def test_grid_search(store: FeatureStore, paths: list[str], n_jobs: int) -> None:
    search = search_all_cuts(store, n_jobs).fit(paths, labels())
    assert n_forwarded(store) == N_PHOTOS
    assert search.best_score_ > 0.9


@both_ways
def test_randomized_search_over_backbones(
    store: FeatureStore, paths: list[str], n_jobs: int
) -> None:
    space = {**GRID, "extract__backbone": list(BACKBONES)}
    search = RandomizedSearchCV(
        pipeline(store), space, n_iter=12, cv=3, n_jobs=n_jobs, random_state=0
    )
    search.fit(paths, labels())
    tried = {params["extract__backbone"] for params in search.cv_results_["params"]}
    assert tried == set(BACKBONES)
    assert n_forwarded(store) == N_PHOTOS * len(BACKBONES)


@both_ways
def test_halving_search(store: FeatureStore, paths: list[str], n_jobs: int) -> None:
    search = HalvingGridSearchCV(
        pipeline(store), GRID, cv=2, n_jobs=n_jobs, min_resources=8, random_state=0
    )
    search.fit(paths, labels())
    assert search.n_iterations_ >= 2
    assert n_forwarded(store) == N_PHOTOS


@both_ways
def test_cross_validation(store: FeatureStore, paths: list[str], n_jobs: int) -> None:
    for cut_layer in CUTS:
        model = pipeline(store).set_params(extract__cut_layer=cut_layer)
        scores = cross_val_score(model, paths, labels(), cv=3, n_jobs=n_jobs)
        assert scores.shape == (3,)
    assert n_forwarded(store) == N_PHOTOS


@both_ways
def test_stacking_of_cut_layers(
    store: FeatureStore, paths: list[str], n_jobs: int
) -> None:
    members = [
        (f"cut {i}", pipeline(store).set_params(extract__cut_layer=cut_layer))
        for i, cut_layer in enumerate(CUTS)
    ]
    stack = StackingClassifier(members, LogisticRegression(), cv=3, n_jobs=n_jobs)
    stack.fit(np.array(paths, dtype=object), labels())
    assert n_forwarded(store) == N_PHOTOS


def test_threads_share_the_work(store: FeatureStore, paths: list[str]) -> None:
    with parallel_config("threading"):
        search_all_cuts(store, n_jobs=4).fit(paths, labels())
    assert n_forwarded(store) == N_PHOTOS


def test_a_search_without_a_store_finds_the_same(
    store: FeatureStore, paths: list[str], tmp_path: Path
) -> None:
    stored = search_all_cuts(store, 1).fit(paths, labels())
    plain = search_all_cuts(store, 1)
    plain.set_params(estimator__extract__store=None).fit(paths, labels())
    for name in ("mean_test_score", "std_test_score"):
        np.testing.assert_array_equal(stored.cv_results_[name], plain.cv_results_[name])


class _Interrupted(LinearSVC):
    """Stands for Ctrl-C in the middle of a search."""

    n_fits = 0

    def fit(self, X: Any, y: Any) -> _Interrupted:
        type(self).n_fits += 1
        if type(self).n_fits == 5:
            raise KeyboardInterrupt
        return super().fit(X, y)


def test_an_interrupted_search_repeats_no_forward_pass(
    store: FeatureStore, paths: list[str]
) -> None:
    model = pipeline(store).set_params(head=_Interrupted())
    with pytest.raises(KeyboardInterrupt):
        GridSearchCV(model, GRID, cv=3).fit(paths, labels())
    before = n_forwarded(store)
    assert 0 < before <= N_PHOTOS
    search_all_cuts(store, 1).fit(paths, labels())
    assert n_forwarded(store) == N_PHOTOS
