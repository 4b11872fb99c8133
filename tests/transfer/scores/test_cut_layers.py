"""Cut layers are scored in one pass, from the input to the output."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hybridml import (
    DeepFeatureExtractor,
    FeatureStore,
    load_image_folder,
    score_cut_layers,
)
from hybridml.backbones.counting import images_forwarded
from hybridml.exceptions import (
    DataError,
    InvalidParameterError,
    UnknownCutLayerError,
    UnknownNameError,
)
from hybridml.testing import make_photos
from hybridml.transfer import logme
from hybridml.transfer.scores.catalogue import list_scores
from tests.transfer.conftest import Photos

TINY = {"backbone": "tiny", "store": None}


def test_rows_go_from_the_input_to_the_output(photos: Photos) -> None:
    table = score_cut_layers(*photos, **TINY)
    assert table["cut_layer"].tolist() == ["stem", "stage1", "penultimate"]
    assert table["n_features"].tolist() == [8, 16, 16]
    assert table["gmacs"].is_monotonic_increasing
    assert list(table.columns[3:]) == ["logme", "knn"]


def test_score_is_that_of_the_features(photos: Photos) -> None:
    images, labels = photos
    table = score_cut_layers(images, labels, scores="logme", **TINY)
    extractor = DeepFeatureExtractor("tiny", cut_layer="stage1", store=None)
    expected = logme(extractor.fit_transform(images), labels)
    assert table["logme"][1] == pytest.approx(expected)


@pytest.mark.parametrize("stored", [True, False])
def test_an_image_goes_through_once(
    photos: Photos, tmp_path: Path, stored: bool
) -> None:
    options = TINY | {"store": FeatureStore(tmp_path) if stored else None}
    before = images_forwarded()
    score_cut_layers(*photos, **options)
    assert images_forwarded() - before == len(photos[0])


def test_only_the_images_that_are_scored_go_through() -> None:
    images, labels = make_photos(40)
    before = images_forwarded()
    score_cut_layers(images, labels, max_images=10, **TINY)
    assert images_forwarded() - before == 10


@pytest.mark.parametrize(
    ("task", "targets"),
    [
        ("classification", np.arange(24) % 3),
        ("regression", np.arange(24) % 3 + 0.5),
        ("multilabel", np.arange(24)[:, None] // [1, 2, 3] % 2),
    ],
)
def test_every_score_of_a_task_is_a_number(task: Any, targets: Any) -> None:
    images, _ = make_photos(24, n_classes=3)
    names = list_scores(task, "features")
    table = score_cut_layers(images, targets, scores=names, **TINY)
    assert np.isfinite(table[[*names, "probe_standard_error"]]).all(axis=None)


def test_best_layer_is_named_for_each_score(photos: Photos) -> None:
    table = score_cut_layers(*photos, **TINY)
    for name, best in table.attrs["best"].items():
        row = table.set_index("cut_layer").loc[best]
        assert row[name] == table[name].max()
    assert list(table.attrs["best"]) == ["logme", "knn"]


def test_of_equal_scores_the_earliest_layer_is_best() -> None:
    images, labels = make_photos(16)
    table = score_cut_layers(images, labels, scores="knn", **TINY)
    assert table["knn"].tolist() == [1, 1, 1]
    assert table.attrs["best"] == {"knn": "stem"}


def test_layers_may_be_chosen_and_nodes_have_no_known_cost(photos: Photos) -> None:
    layers = ["stage1.1", -1, "stem"]
    table = score_cut_layers(*photos, cut_layers=layers, **TINY)
    assert table["cut_layer"].tolist() == ["stem", "logits", "stage1.1"]
    assert table["gmacs"].isna().tolist() == [False, False, True]


def test_whole_numbers_may_be_called_numbers(photos: Photos) -> None:
    counts = np.arange(16)
    table = score_cut_layers(photos[0], counts, task="regression", **TINY)
    assert table["knn"].max() < 1


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"scores": "logmee"}, UnknownNameError, "Did you mean 'logme'"),
        ({"scores": ["logme", "leep"]}, InvalidParameterError, "see score_backbones"),
        ({"scores": []}, InvalidParameterError, "one score or several"),
        ({"cut_layers": "steam"}, UnknownCutLayerError, "Got cut_layer='steam'"),
        ({"task": "regresion"}, InvalidParameterError, "Got task='regresion'"),
        ({"max_images": 1}, InvalidParameterError, "Got max_images=1"),
        ({"random_state": None}, InvalidParameterError, "Got random_state=None"),
        ({"pooling": "median"}, InvalidParameterError, "Got pooling='median'"),
    ],
)
def test_wrong_parameter_is_refused(
    photos: Photos, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        score_cut_layers(*photos, **TINY | options)


def test_gbc_of_numbers_is_refused(photos: Photos) -> None:
    with pytest.raises(InvalidParameterError, match="a score for regression"):
        score_cut_layers(photos[0], np.arange(16) + 0.5, scores="gbc", **TINY)


def test_images_and_labels_have_to_be_as_many(photos: Photos) -> None:
    with pytest.raises(DataError, match="Got 16 images and 15 labels"):
        score_cut_layers(photos[0], photos[1][1:], **TINY)


@pytest.mark.slow
def test_cheap_scores_find_a_layer_as_good_as_the_best_probe(shared_data: Path) -> None:
    paths, labels = load_image_folder(shared_data / "cats_vs_dogs" / "train")
    table = score_cut_layers(
        paths, labels, scores=("logme", "knn", "h_score", "probe"), max_images=300
    ).set_index("cut_layer")
    for name in ("logme", "knn", "h_score"):
        chosen = table.index[table[name].argmax()]
        assert table["probe"][chosen] >= table["probe"].max() - 0.01, name
