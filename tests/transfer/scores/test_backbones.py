"""Backbones are scored by features and by outputs, and ranked by the first score."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

from hybridml import DeepFeatureExtractor, score_backbones
from hybridml.backbones.counting import images_forwarded
from hybridml.exceptions import (
    InvalidParameterError,
    UnknownBackboneError,
    UnknownCutLayerError,
)
from hybridml.testing import make_photos, register_tiny_backbone
from hybridml.transfer import leep, nce

NAMES = ["tiny", "other"]


@pytest.fixture(autouse=True)
def _other_backbone() -> None:
    register_tiny_backbone("other", seed=5)


def _photos() -> tuple[Any, Any]:
    return make_photos(30, n_classes=3)


@pytest.mark.parametrize("scores", [("leep", "logme"), ("logme", "leep"), "knn"])
def test_best_by_the_first_score_comes_first(scores: Any) -> None:
    table = score_backbones(*_photos(), backbones=NAMES, scores=scores, store=None)
    first = scores if isinstance(scores, str) else scores[0]
    assert table[first].is_monotonic_decreasing
    assert sorted(table["backbone"]) == sorted(NAMES)
    assert table.index.tolist() == [0, 1]


def test_outputs_are_scored_after_the_softmax() -> None:
    images, labels = _photos()
    table = score_backbones(
        images, labels, backbones=["tiny"], scores=("leep", "nce"), store=None
    )
    logits = DeepFeatureExtractor("tiny", cut_layer="logits", store=None)
    probabilities = softmax(logits.fit_transform(images), axis=1)
    assert table["leep"][0] == pytest.approx(leep(probabilities, labels), abs=1e-6)
    expected = nce(probabilities.argmax(axis=1), labels)
    assert table["nce"][0] == pytest.approx(expected, abs=1e-9)


def test_an_image_goes_through_each_backbone_once() -> None:
    before = images_forwarded()
    score_backbones(
        *_photos(), backbones=NAMES, scores=("leep", "logme", "nce"), store=None
    )
    assert images_forwarded() - before == 60


def test_cut_layer_may_be_a_position() -> None:
    table = score_backbones(*_photos(), backbones=NAMES, cut_layer=0, store=None)
    assert table["cut_layer"].tolist() == ["stem", "stem"]
    assert table["n_features"].tolist() == [8, 8]


def test_numbers_have_scores_of_features() -> None:
    images, _ = _photos()
    numbers = np.arange(30) + 0.5
    table = score_backbones(images, numbers, backbones=NAMES, store=None)
    assert np.isfinite(table[["logme", "knn"]]).all(axis=None)
    with pytest.raises(InvalidParameterError, match="Got score='leep'"):
        score_backbones(images, numbers, backbones=NAMES, scores="leep", store=None)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"backbones": "tiny"}, InvalidParameterError, "a list of one backbone or"),
        ({"backbones": []}, InvalidParameterError, r"Got backbones=\[\]"),
        ({"backbones": ["tiny", "tinny"]}, UnknownBackboneError, "mean 'tiny'"),
        ({"cut_layer": ["stem"]}, InvalidParameterError, "one name or position"),
        ({"cut_layer": "steam"}, UnknownCutLayerError, "Got cut_layer='steam'"),
    ],
)
def test_wrong_parameter_is_refused(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        score_backbones(*_photos(), **{"backbones": NAMES, "store": None} | options)
