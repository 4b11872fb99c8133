"""The classifier finds the layer that matters, and is a scikit-learn estimator."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.utils import get_tags

from hybridml import AllLayersClassifier, FeatureStore
from hybridml.exceptions import (
    DataError,
    ImageDecodeError,
    InvalidParameterError,
    UnknownBackboneError,
    UnknownCutLayerError,
    WeightsError,
)
from hybridml.testing import make_photos, register_tiny_backbone

Photos = tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]
# Stages of the tiny backbone, with as many features as "grid2" gives of them.
WIDTHS = {"stem": 32, "stage1": 64, "penultimate": 16}


def _classifier(**changed: Any) -> AllLayersClassifier:
    quick = {"store": None, "precision": "fp32", "strengths": [0.1]}
    quick["fractions"] = [0.1, 0.5]
    return AllLayersClassifier("tiny", **{**quick, **changed})


def _corners(n_images: int = 32) -> Photos:
    """Make noise that is brighter at the top left or at the bottom right."""
    images = np.random.default_rng(0).integers(0, 99, (n_images, 32, 32, 3))
    is_top = np.arange(n_images) % 2 == 1
    images[is_top, :16, :16] += 90
    images[~is_top, 16:, 16:] += 90
    return images.astype(np.uint8), np.where(is_top, "top", "bottom")


def test_learns_and_predicts(photos: Photos) -> None:
    X, y = photos
    model = _classifier().fit(X, y)
    assert model.score(X, y) == 1.0
    assert model.classes_.tolist() == ["class0", "class1"]
    proba = model.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-6)
    assert (model.classes_[proba.argmax(axis=1)] == y).all()
    assert ((model.decision_function(X) > 0) == (y == "class1")).all()


def test_three_classes_have_three_scores() -> None:
    X, y = make_photos(30, n_classes=3)
    model = _classifier().fit(X, y)
    assert model.decision_function(X).shape == model.predict_proba(X).shape == (30, 3)
    assert model.score(X, y) > 0.9


def test_what_is_known_only_to_early_layers_is_found() -> None:
    X, y = _corners()
    model = _classifier(fractions=[0.05]).fit(X, y)
    assert model.best_score_ == 1.0
    assert model.kept_per_layer_["penultimate"] == 0
    late = _classifier(cut_layers="penultimate").fit(X, y)
    assert late.best_score_ < model.best_score_


def test_relevance_describes_every_feature(photos: Photos) -> None:
    model = _classifier(fractions=[0.2]).fit(*photos)
    table = model.relevance_
    assert table.columns.tolist() == ["cut_layer", "feature", "relevance", "kept"]
    assert table.groupby("cut_layer", sort=False).size().to_dict() == WIDTHS
    assert table["kept"].sum() == 23  # a fifth of 112, rounded up
    assert model.head_.n_features_in_ == 23
    kept, left = (table.loc[table["kept"] == is_kept] for is_kept in (True, False))
    assert kept["relevance"].min() >= left["relevance"].max()
    assert table["relevance"].max() > 0
    counted = table[table["kept"]].groupby("cut_layer").size()
    assert model.kept_per_layer_.index.tolist() == list(WIDTHS)
    assert model.kept_per_layer_.to_dict() == {
        name: counted.get(name, 0) for name in WIDTHS
    }


def test_results_hold_the_choice(photos: Photos) -> None:
    model = _classifier(fractions=[0.5, 0.1], strengths=[0.03, 0.3]).fit(*photos)
    results = model.results_
    assert len(results) == 4 * 3
    best = results.iloc[int(results["score"].argmax())]
    assert (model.fraction_, model.strength_) == (best["fraction"], best["strength"])
    assert model.best_score_ == best["score"] == results["score"].max()
    assert model.head_.get_params()["head__C"] == best["params"]["head__C"]


def test_of_equal_fractions_the_smallest_is_kept(photos: Photos) -> None:
    model = _classifier(fractions=[1.0, 0.5]).fit(*photos)
    assert model.results_["score"].eq(1).all()
    assert model.fraction_ == 0.5


@pytest.mark.slow
def test_random_labels_are_predicted_by_chance() -> None:
    X, y = make_photos(40)
    scores = [
        cross_val_score(
            _classifier(fractions=[0.02, 0.2]),
            X,
            np.random.default_rng(seed).permutation(y),
            cv=2,
        )
        for seed in range(5)
    ]
    assert 0.35 < np.mean(scores) < 0.65


def test_each_image_is_forwarded_once(photos: Photos, tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "store")
    model = _classifier(store=store).fit(*photos)
    model.predict(photos[0])
    assert store.stats()["images_forwarded"] == len(photos[0])


def test_store_changes_nothing(photos: Photos, tmp_path: Path) -> None:
    with_store = _classifier(store=FeatureStore(tmp_path / "store")).fit(*photos)
    without = _classifier().fit(*photos)
    pd.testing.assert_frame_equal(with_store.relevance_, without.relevance_)
    probas = (model.predict_proba(photos[0]) for model in (with_store, without))
    np.testing.assert_allclose(*probas, atol=1e-5)


def test_layers_of_which_nothing_is_kept_are_not_computed(photos: Photos) -> None:
    model = _classifier(fractions=[0.01]).fit(*photos)
    kept = model.kept_per_layer_
    assert model.extractor_.cut_layer == kept.index[kept > 0].tolist()
    assert len(model.extractor_.cut_layer) < 3
    assert model.predict(photos[0][:3]).shape == (3,)


def _containers() -> dict[str, Any]:
    def encoded(image: npt.NDArray[np.uint8]) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, format="PNG")
        return buffer.getvalue()

    return {
        "list": list,
        "bytes": lambda X: [encoded(image) for image in X],
        "pil": lambda X: [Image.fromarray(image) for image in X],
        "series": lambda X: pd.Series(
            [encoded(image) for image in X], index=X[:, 0, 0, 0]
        ),
        "frame": lambda X: pd.DataFrame({"image": [encoded(image) for image in X]}),
    }


@pytest.mark.parametrize("container", _containers())
def test_every_container_gives_the_same(photos: Photos, container: str) -> None:
    X, y = photos
    model = _classifier().fit(X, y)
    given = _containers()[container](X)
    again = clone(model).fit(given, pd.Series(y))
    np.testing.assert_array_equal(again.predict_proba(given), model.predict_proba(X))


def test_paths_are_read(photos: Photos, tmp_path: Path) -> None:
    X, y = photos
    paths = [tmp_path / f"{i}.png" for i in range(len(X))]
    for path, image in zip(paths, X, strict=True):
        Image.fromarray(image).save(path)
    model = _classifier().fit(paths, y)
    np.testing.assert_array_equal(model.predict_proba(paths), model.predict_proba(X))


def test_clone_pickle_and_grid_search(photos: Photos) -> None:
    X, y = photos
    model = _classifier().fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    grid = {"pooling": ["mean", "max"], "cut_layers": ["all", "stem"]}
    search = GridSearchCV(clone(model), grid, cv=2).fit(X, y)
    assert search.best_score_ == 1.0
    for method in ("predict", "predict_proba", "decision_function"):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            getattr(clone(model), method)(X)


def test_constructor_only_stores() -> None:
    fractions = [0.1]
    model = AllLayersClassifier("nothing", fractions=fractions, cv="?")
    assert model.get_params()["fractions"] is fractions
    assert get_tags(model).estimator_type == "classifier"
    assert not get_tags(model).input_tags.two_d_array


def test_two_fits_agree_and_refit_forgets(photos: Photos) -> None:
    model = _classifier()
    first = model.fit(*photos).relevance_
    model.fit(*make_photos(18, n_classes=3))
    again = model.fit(*photos).relevance_
    pd.testing.assert_frame_equal(first, again)
    assert model.classes_.tolist() == ["class0", "class1"]


def test_threads_change_nothing(photos: Photos) -> None:
    expected = _classifier().fit(*photos)
    found = _classifier(n_jobs=2).fit(*photos)
    pd.testing.assert_frame_equal(found.results_, expected.results_)
    pd.testing.assert_frame_equal(found.relevance_, expected.relevance_)


def test_fit_does_not_modify_the_images(photos: Photos) -> None:
    before = photos[0].copy()
    _classifier().fit(*photos)
    np.testing.assert_array_equal(photos[0], before)


def test_images_that_are_all_the_same_give_no_relevance() -> None:
    X = np.full((8, 32, 32, 3), 100, dtype=np.uint8)
    model = _classifier().fit(X, [0, 1] * 4)
    assert not model.relevance_["relevance"].any()
    np.testing.assert_allclose(model.predict_proba(X), 0.5)


def test_score_of_probabilities_is_taken(photos: Photos) -> None:
    model = _classifier(scoring="neg_log_loss").fit(*photos)
    assert model.best_score_ == model.results_["score"].max() < 0


def test_score_that_is_no_number_is_refused(photos: Photos) -> None:
    def nothing(*_: object) -> float:
        return float("nan")

    with pytest.raises(InvalidParameterError, match="expected a score that is a numb"):
        _classifier(scoring=nothing).fit(*photos)


def test_fit_that_fails_leaves_nothing_fitted(photos: Photos) -> None:
    model = _classifier().fit(*photos)
    with pytest.raises(ImageDecodeError):
        model.fit([b"no image"] * 4, [0, 1] * 2)
    with pytest.raises(NotFittedError):
        model.predict(photos[0])


def test_other_weights_are_refused(photos: Photos) -> None:
    model = _classifier().fit(*photos)
    model.extractor_.weights_digest_ = "of others"
    with pytest.raises(WeightsError, match="not those it was fitted with"):
        model.predict(photos[0])


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"fractions": []}, InvalidParameterError, r"Got fractions=\[\]; expected one"),
        ({"fractions": [0.0]}, InvalidParameterError, r"Got fractions=\[0.0\]"),
        ({"fractions": 0.5}, InvalidParameterError, "Got fractions=0.5"),
        ({"strengths": [2]}, InvalidParameterError, r"Got strengths=\[2\]"),
        ({"cv": 1, "strengths": "a"}, InvalidParameterError, "strengths='a'.*Got cv=1"),
        ({"pooling": "sum"}, InvalidParameterError, "Got pooling='sum'"),
        ({"cut_layers": ["stm"]}, UnknownCutLayerError, "Did you mean 'stem'"),
        ({"backbone": "tini"}, UnknownBackboneError, "Did you mean 'tiny'"),
    ],
)
def test_wrong_parameters_are_named_before_any_image_is_read(
    changed: dict[str, Any], error: type[Exception], message: str
) -> None:
    model = _classifier().set_params(**changed)
    with pytest.raises(error, match=message):
        model.fit(["not there.jpg"] * 6, [0, 1] * 3)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0, 1], "16 images and 2 labels"),
        ([0] * 15 + [1], r"2 images in each class; too few in: 1 \(1\)"),
        ([0] * 16, "only one class"),
        (np.eye(16)[:, :2], r"Got y of shape \(16, 2\); expected one label per image"),
    ],
)
def test_wrong_labels_are_refused(photos: Photos, y: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        _classifier().fit(photos[0], y)


def test_other_backbones_are_taken_by_name(photos: Photos) -> None:
    register_tiny_backbone("tiny2", seed=1)
    first, other = (_classifier().set_params(backbone=n) for n in ("tiny", "tiny2"))
    tables = [model.fit(*photos).relevance_["relevance"] for model in (first, other)]
    assert not tables[0].equals(tables[1])
