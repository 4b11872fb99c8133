"""The search of case 1 finds the earliest layer that carries the signal."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import get_scorer
from sklearn.model_selection import cross_val_score
from torch import nn

from hybridml import (
    Backbone,
    DeepFeatureExtractor,
    FeatureStore,
    Preprocessing,
    Stage,
    register_backbone,
)
from hybridml.exceptions import (
    DataError,
    InvalidParameterError,
    UnknownCutLayerError,
    UnknownHeadError,
)
from hybridml.testing import make_photos
from hybridml.transfer import CutLayerSearch

Photos = tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]


class _Gate(nn.Module):
    """Passes one channel on and blots the others out."""

    def __init__(self, channel: int) -> None:
        super().__init__()
        self.register_buffer("kept", torch.eye(3)[channel].view(1, 3, 1, 1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images * self.kept


class _Narrowing(nn.Module):
    """Sees all colours first, then red alone, then nothing."""

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.colours = nn.AvgPool2d(4)
        self.red = _Gate(0)
        self.dark = _Gate(1)  # of the red one: nothing is left
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.logits = nn.Linear(3, n_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = self.dark(self.red(self.colours(images)))
        return self.logits(self.flatten(self.pool(maps)))


@pytest.fixture
def narrowing() -> str:
    stages = (
        Stage("colours", "colours"),
        Stage("red", "red"),
        Stage("dark", "dark"),
        Stage("penultimate", "flatten", "vector"),
        Stage("logits", "logits", "vector"),
    )
    declared = Backbone(
        "narrowing", _Narrowing, stages, Preprocessing(resize=32, crop=32)
    )
    register_backbone(declared, overwrite=True)
    return declared.name


def _search(backbone: str = "tiny", **changed: Any) -> CutLayerSearch:
    weights = "default" if backbone == "tiny" else None
    extractor = DeepFeatureExtractor(
        backbone, weights=weights, store=None, precision="fp32"
    )
    return CutLayerSearch(extractor, **changed)


def _coloured(channel: int, n_images: int = 24) -> Photos:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 90, (n_images, 32, 32, 3), dtype=np.uint8)
    is_bright = np.arange(n_images) % 2 == 1
    images[is_bright, :, :, channel] += 120
    return images, np.where(is_bright, "bright", "dark")


def test_layer_that_carries_the_signal_is_chosen(narrowing: str) -> None:
    X, y = _coloured(channel=1)  # green, which only the first layer sees
    search = _search(narrowing, cut_layers=["dark", "penultimate", "red", "colours"])
    search.fit(X, y)
    assert search.best_cut_layer_ == "colours"
    assert search.best_score_ == 1.0
    scores = search.results_.set_index("cut_layer")["score"]
    assert scores["red"] < 0.8
    assert search.score(X, y) == 1.0


@pytest.mark.parametrize("given", [["red", "colours"], ["colours", "red"], "all"])
def test_of_equal_layers_the_earliest_is_chosen(narrowing: str, given: Any) -> None:
    search = _search(narrowing, cut_layers=given).fit(*_coloured(channel=0))
    scores = search.results_.set_index("cut_layer")["score"]
    assert scores["colours"] == scores["red"] == 1.0
    assert search.best_cut_layer_ == "colours"


def test_results_have_a_row_a_layer_and_head(photos: Photos) -> None:
    search = _search(heads=["logistic", "ridge"]).fit(*photos)
    results = search.results_
    columns = ["cut_layer", "head", "params", "score", "score_std"]
    assert results.columns.tolist() == columns
    found = results[["cut_layer", "head"]].to_numpy().tolist()
    layers = ["stem", "stage1", "penultimate"]
    assert found == [[la, head] for la in layers for head in ("logistic", "ridge")]
    assert set(results.loc[0, "params"]) == {"head__C"}
    best = results.loc[results["score"].idxmax()]
    assert (search.best_cut_layer_, search.best_head_) == (
        best["cut_layer"],
        best["head"],
    )
    assert search.best_score_ == best["score"]
    head = search.best_estimator_[-1].get_params()
    assert head["head__C"] == best["params"]["head__C"]


@pytest.mark.parametrize(
    ("head", "calibrate", "has_probabilities"),
    [("linear_svm", False, False), ("linear_svm", True, True), ("logistic", 0, True)],
)
def test_probabilities_are_there_where_the_head_has_them(
    photos: Photos, head: str, calibrate: bool, has_probabilities: bool
) -> None:
    X, y = photos
    search = _search(heads=[head], calibrate=bool(calibrate), cut_layers="stem")
    assert hasattr(search, "predict_proba") == has_probabilities
    search.fit(X, y)
    assert hasattr(search, "predict_proba") == has_probabilities
    if has_probabilities:
        proba = search.predict_proba(X)
        np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-6)
        assert (search.classes_[proba.argmax(axis=1)] == y).all()
    else:
        assert search.decision_function(X).shape == (16,)


def test_score_of_probabilities_calibrates_the_heads_compared(photos: Photos) -> None:
    search = _search(scoring="neg_log_loss", cut_layers=["stem", "stage1"])
    search.fit(*photos)
    assert (search.results_["score"] < 0).all()
    assert search.best_score_ == search.results_["score"].max()


def test_score_that_is_no_number_is_refused(photos: Photos) -> None:
    def nothing(*_: object) -> float:
        return float("nan")

    with (
        pytest.warns(UserWarning, match="non-finite"),
        pytest.raises(InvalidParameterError, match="expected a score that is a number"),
    ):
        _search(scoring=nothing).fit(*photos)


def test_every_image_is_forwarded_once(photos: Photos, tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "store")
    extractor = DeepFeatureExtractor("tiny", store=store)
    CutLayerSearch(extractor, heads=["linear_svm", "logistic"]).fit(*photos)
    assert store.stats()["images_forwarded"] == len(photos[0])


def test_search_does_not_see_the_images_it_predicts(photos: Photos) -> None:
    X, y = photos
    search = _search().fit(X[:12], y[:12])
    results = search.results_.copy()
    search.predict(X[12:])
    pd.testing.assert_frame_equal(results, search.results_)


def test_shuffled_labels_are_predicted_by_chance() -> None:
    X, y = make_photos(32)
    search = _search(heads=["ridge"], cut_layers=["stem", "penultimate"])
    scores = [
        cross_val_score(search, X, np.random.default_rng(seed).permutation(y), cv=2)
        for seed in range(4)
    ]
    assert 0.3 < np.mean(scores) < 0.7


@pytest.mark.parametrize("n_jobs", [2, -1])
def test_threads_change_nothing(photos: Photos, n_jobs: int) -> None:
    expected = _search(cut_layers="stem").fit(*photos).results_
    found = _search(cut_layers="stem", n_jobs=n_jobs).fit(*photos).results_
    pd.testing.assert_frame_equal(found, expected)


def test_a_class_of_two_images_is_enough() -> None:
    X, y = make_photos(8)
    kept = [0, 2, 4, 6, 1, 3]
    search = _search().fit(X[kept], y[kept])
    assert search.predict(X).shape == (8,)


def test_a_class_of_one_image_is_named() -> None:
    X, y = make_photos(8)
    kept = [0, 2, 4, 1]
    with pytest.raises(DataError, match=r"2 images in each class; .* class1 \(1\)"):
        _search().fit(X[kept], y[kept])


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"cut_layers": ["stm"]}, UnknownCutLayerError, "Did you mean 'stem'"),
        ({"heads": ["svm"]}, UnknownHeadError, "Got head='svm'; expected a head"),
        ({"cut_layers": []}, InvalidParameterError, r"Got cut_layers=\[\]"),
        ({"heads": []}, InvalidParameterError, r"Got heads=\[\]"),
        ({"cv": 1}, InvalidParameterError, "Got cv=1; expected a whole number of fol"),
        ({"extractor": "tiny"}, InvalidParameterError, "expected a DeepFeatureExtract"),
    ],
)
def test_wrong_parameters_are_named_before_any_image_is_read(
    changed: dict[str, Any], error: type[Exception], message: str
) -> None:
    search = _search().set_params(**changed)
    with pytest.raises(error, match=message):
        search.fit(["not there.jpg"] * 6, [0, 1] * 3)


def test_pickle_and_clone(photos: Photos) -> None:
    X, y = photos
    search = _search(heads=["logistic"]).fit(X, y)
    again = pickle.loads(pickle.dumps(search))
    np.testing.assert_array_equal(again.predict_proba(X), search.predict_proba(X))
    copied = clone(search).set_params(extractor__pooling="max")
    assert search.extractor.pooling == "mean"
    for method in (copied.predict, copied.predict_proba):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            method(X)


def test_two_fits_agree_and_refit_forgets(photos: Photos) -> None:
    search = _search(heads=["logistic"], cut_layers=["stem", "stage1"])
    first = search.fit(*photos).results_
    other = search.fit(*make_photos(18, n_classes=3)).results_
    again = search.fit(*photos).results_
    pd.testing.assert_frame_equal(first, again)
    assert search.classes_.tolist() == ["class0", "class1"]
    assert not first.equals(other)


def test_parameters_of_the_extractor_can_be_searched() -> None:
    names = _search().get_params()
    assert {"extractor__backbone", "extractor__pooling"} <= set(names)


def _two_labels() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    X, y = make_photos(24, n_classes=3)
    return X, np.column_stack([y == "class0", y != "class2"])


@pytest.mark.parametrize(
    ("scoring", "metric"), [(None, "f1_macro"), ("roc_auc", "roc_auc")]
)
def test_several_labels_are_searched(scoring: str | None, metric: str) -> None:
    X, present = _two_labels()
    search = _search(heads=["logistic", "linear_svm"], scoring=scoring)
    search.fit(X, present)
    assert search.best_score_ > 0.7
    assert search.predict(X).shape == (24, 2)
    assert len(search.classes_) == 2
    assert get_scorer(metric)(search, X, present) > 0.9


def test_calibrated_probabilities_of_labels() -> None:
    X, present = _two_labels()
    search = _search(calibrate=True, cut_layers="stem").fit(X, present)
    np.testing.assert_array_equal(search.predict_proba(X) > 0.5, search.predict(X))


def test_label_that_some_folds_lack_is_searched() -> None:
    X, present = _two_labels()
    rare = np.arange(24) == 5
    search = _search(heads="logistic", cut_layers="stem")
    search.fit(X, np.column_stack([present, rare, ~rare | rare]))
    assert search.predict(X)[:, 3].all()


def test_class_weights_reach_the_heads(photos: Photos) -> None:
    search = _search(class_weight="balanced", cut_layers="stem").fit(*photos)
    assert search.best_estimator_[-1]["head"].class_weight == "balanced"
