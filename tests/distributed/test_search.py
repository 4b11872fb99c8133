"""A search of scikit-learn's on Ray: the same scores, and one pass an image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from hybridml import DeepFeatureExtractor, FeatureStore, make_head
from hybridml._optional import is_installed
from hybridml.testing import make_photos

pytestmark = [
    pytest.mark.ray,
    pytest.mark.slow,
    pytest.mark.skipif(not is_installed("ray"), reason="Ray is not installed"),
]
GRID = {"deep__cut_layer": [-2, -3, -4], "head__head__C": [0.001, 0.1]}


def _search(store: Path, **options: Any) -> GridSearchCV:
    deep = DeepFeatureExtractor(store=store, image_size=64, precision="fp32")
    pipeline = Pipeline([("deep", deep), ("head", make_head("logistic"))])
    return GridSearchCV(pipeline, GRID, cv=3, **options)


def test_scores_are_those_of_one_process(tmp_path: Path) -> None:
    from ray.util.joblib import register_ray

    from hybridml.distributed.ray_start import connected

    X, y = make_photos(45, seed=2)
    y = y.copy()
    y[::5] = "class0"  # so that scores differ
    here = _search(tmp_path / "here", n_jobs=1).fit(X, y)
    with connected("local", n_cpus=2, n_gpus=0):
        register_ray()
        with joblib.parallel_config(backend="ray"):
            there = _search(tmp_path / "there", n_jobs=2).fit(X, y)
    scores = here.cv_results_["mean_test_score"]
    assert len(set(scores.round(3))) > 1
    for name, values in here.cv_results_.items():
        if name.endswith("_score"):
            assert np.array_equal(there.cv_results_[name], values), name
    assert FeatureStore(tmp_path / "there").stats()["images_forwarded"] == len(X)
