"""The curve is what scikit-learn gives by hand, for every layer and each weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score

from hybridml import DeepFeatureExtractor, FeatureStore, layer_curve
from hybridml.backbones import list_cut_layers
from hybridml.backbones.counting import images_forwarded
from hybridml.exceptions import DataError, InvalidParameterError, UnknownCutLayerError
from hybridml.heads import head_grid, make_head
from hybridml.testing import make_photos
from hybridml.transfer import LayerCurve


def _curve(X: Any, y: Any, **given: Any) -> LayerCurve:
    return layer_curve(X, y, **{"backbone": "tiny", "cv": 3, "store": None, **given})


def _hand_made(scores: dict[str, list[list[float]]], scoring: str) -> LayerCurve:
    layers = ["stem", "stage1", "penultimate"]
    rows = [
        (name, layers[i], i + 1, 8, 0.1) for name in scores for i in range(len(layers))
    ]
    columns = ["weights", "cut_layer", "depth", "n_features", "gmacs"]
    folds = np.array([row for part in scores.values() for row in part])
    return LayerCurve.from_folds(
        pd.DataFrame(rows, columns=columns), folds, "net", scoring
    )


RISING = [[0.5, 0.6], [0.7, 0.8], [0.9, 0.9]]
FALLING = [[0.5, 0.6], [0.9, 0.9], [0.8, 0.78]]
RANDOM = [[0.5, 0.5], [0.5, 0.6], [0.5, 0.5]]


@pytest.mark.parametrize("weights", ["default", None])
def test_score_is_that_of_cross_validation_by_hand(weights: str | None) -> None:
    X, y = make_photos(30, n_classes=3)
    row = _curve(X, y, weights=weights, cut_layers="stage1").table.iloc[0]
    features = DeepFeatureExtractor(
        "tiny", weights=weights, cut_layer="stage1", store=None
    ).transform(X)
    inner = StratifiedKFold(3, shuffle=True, random_state=0)
    probe = GridSearchCV(make_head("logistic"), head_grid("logistic"), cv=inner)
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    scores = cross_val_score(probe, features.astype(float), y, cv=folds)
    assert row["score"] == pytest.approx(scores.mean())
    assert row["score_std"] == pytest.approx(scores.std())


def test_table_has_each_layer_of_each_weights_in_order() -> None:
    table = _curve(*make_photos(24)).table
    stages = list_cut_layers("tiny").set_index("name")
    layers = ["stem", "stage1", "penultimate"]
    assert list(table["weights"]) == ["pretrained"] * 3 + ["random"] * 3
    assert list(table["cut_layer"]) == layers * 2
    assert list(table["depth"]) == [1, 2, 3] * 2
    for column in ("n_features", "gmacs"):
        assert list(table[column]) == list(stages.loc[layers * 2, column])
    assert (table["fall"] >= 0).all()


def test_an_image_goes_through_once_for_each_weights(tmp_path: Path) -> None:
    X, y = make_photos(12)
    store = FeatureStore(tmp_path)
    for expected, where in ((24, None), (24, store), (0, store)):
        before = images_forwarded()
        _curve(X, y, store=where, random_state=1, cv=2)  # 0 gives the default weights
        assert images_forwarded() - before == expected


def test_random_weights_come_from_the_seed() -> None:
    X, y = make_photos(24, n_classes=4)
    given = {"weights": None, "scoring": "neg_log_loss", "cut_layers": "stage1"}
    one, same, other = (
        _curve(X, y, random_state=seed, **given).fold_scores for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


@pytest.mark.parametrize(
    ("task", "scoring"),
    [
        ("regression", "r2"),
        pytest.param("multilabel", "f1_macro", marks=pytest.mark.slow),
    ],
)
def test_other_tasks_are_probed_too(task: str, scoring: str) -> None:
    X, labels = make_photos(24, n_classes=4)
    numbers = X.mean(axis=(1, 2, 3))
    kinds = np.stack([labels < "class2", labels == "class3"], axis=1)
    y = numbers if task == "regression" else kinds.astype(int)
    curve = _curve(X, y)
    assert curve.scoring == scoring
    assert curve.best["score"] > 0.5


def test_label_that_a_fold_lacks_is_no_error() -> None:
    X, _ = make_photos(12)
    rare = np.zeros((12, 2), dtype=int)
    rare[0, 0] = rare[::2, 1] = 1
    assert np.isfinite(_curve(X, rare, weights="default").fold_scores).all()


@pytest.mark.slow
def test_pretrained_weights_beat_random_ones_on_photos(shared_data: Path) -> None:
    paths = sorted((shared_data / "cats_vs_dogs" / "train").rglob("*.jpg"))[::8]
    curve = layer_curve(
        paths,
        [path.name[:3] for path in paths],
        cut_layers=["stage2", "penultimate"],
        image_size=96,
        cv=3,
        store=None,
    )
    assert curve.best["cut_layer"] == "penultimate"
    best = curve.table.groupby("weights")["score"].max()
    assert best["pretrained"] > best["random"] + 0.15


def test_fall_counts_from_the_best_layer_so_far() -> None:
    table = _hand_made({"pretrained": FALLING}, "accuracy").table
    np.testing.assert_allclose(table["fall"], [0, 0, 0.11])


@pytest.mark.parametrize(
    ("scores", "scoring", "expected"),
    [
        (RISING, "accuracy", "penultimate serve best (0.90): the last layer"),
        (FALLING, "accuracy", "stage1 serve best (0.90); the last layer is 11 points"),
        (FALLING, "r2", "the last layer is 0.11 worse"),
        ([*FALLING[:2], [0.95, 0.8]], "accuracy", "last layer serve about as well"),
        ([[0.5, 0.4], [0.4, 0.5], [0.5, 0.4]], "accuracy", "do not tell the layers"),
    ],
)
def test_verdict_says_which_layer_and_how_general(
    scores: list[list[float]], scoring: str, expected: str
) -> None:
    assert expected in _hand_made({"pretrained": scores}, scoring).verdict


def test_verdict_says_what_pretraining_is_worth() -> None:
    both = {"pretrained": RISING, "random": RANDOM}
    expected = "Pretrained weights are worth 35 points over random ones"
    assert expected in _hand_made(both, "accuracy").verdict
    reverse = dict(reversed(both.items()))
    expected = "Random weights are behind by 35 points against pretrained ones"
    assert expected in _hand_made(reverse, "accuracy").verdict


def test_plot_is_saved(tmp_path: Path) -> None:
    curve = _hand_made({"pretrained": RISING, "random": RANDOM}, "accuracy")
    figure = curve.plot(tmp_path / "curve.png")
    assert "each layer of net" in figure.get_suptitle()
    assert (tmp_path / "curve.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"cut_layers": "stage9"}, UnknownCutLayerError, "Did you mean 'stage1'"),
        ({"cut_layers": []}, InvalidParameterError, "one name or several"),
        ({"cv": 7}, DataError, "7 folds need at least 7 images in each class"),
        ({"cv": "five"}, InvalidParameterError, "Got cv='five'"),
        ({"scoring": "acuracy"}, InvalidParameterError, "Did you mean 'accuracy'"),
        ({"weights": ()}, InvalidParameterError, r"Got weights=\(\)"),
        ({"weights": [None, None]}, InvalidParameterError, "each once"),
        ({"task": "ranking"}, InvalidParameterError, "Got task='ranking'"),
        ({"task": "regression"}, DataError, "no numbers"),
    ],
)
def test_what_is_wrong_is_named_before_the_first_pass(
    wrong: dict[str, Any], error: type[Exception], message: str
) -> None:
    X, y = make_photos(12)
    before = images_forwarded()
    with pytest.raises(error, match=message):
        _curve(X, y, **wrong)
    assert images_forwarded() == before


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"cv": 7}, DataError, "7 folds need at least 14 images; got 12"),
        ({"cv": 1}, InvalidParameterError, "Got cv=1; expected at least 2 folds"),
        ({"scoring": "acuracy"}, InvalidParameterError, "Did you mean 'accuracy'"),
        ({"scoring": "roc_auc"}, InvalidParameterError, "a scorer for numbers"),
    ],
)
def test_what_is_wrong_with_numbers_is_named(
    wrong: dict[str, Any], error: type[Exception], message: str
) -> None:
    X, _ = make_photos(12)
    with pytest.raises(error, match=message):
        _curve(X, np.linspace(0.1, 1, 12), **wrong)


def test_class_with_a_single_image_is_named() -> None:
    X, _ = make_photos(7)
    with pytest.raises(DataError, match=r"too few in: b \(1\)"):
        _curve(X, list("aaaaaab"), cv=2)
