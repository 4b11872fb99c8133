"""Similarity is measured where it can be, and says what it was decided by."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from hybridml import DeepFeatureExtractor, FeatureStore, measure_similarity
from hybridml.backbones.counting import images_forwarded
from hybridml.exceptions import DataError, InvalidParameterError
from hybridml.testing import make_photos
from hybridml.transfer import Similarity
from hybridml.transfer.evidence.outputs import read_outputs


def _similarity(distance: float = math.nan, **given: Any) -> Similarity:
    found = {"backbone": "net", "n_images": 9, "image_size": 64, **given}
    table = pd.DataFrame({"layer": ["bn"], "n_channels": [8], "shift": [distance]})
    return Similarity(batch_norm_distance=distance, batch_norms=table, **found)


def test_noise_is_unlike_the_training_images() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (8, 64, 64, 3), dtype=np.uint8)
    found = measure_similarity(noise, image_size=64, store=None)
    assert not found.is_similar
    assert found.decided_by == "batch_norms"
    assert found.score < 0.65
    assert found.image_size == 64
    assert len(found.batch_norms) == 49
    assert found.batch_norm_distance == found.batch_norms["shift"].median()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "pattern", "is_similar"),
    [
        ("imagenet_sample", "*.JPEG", True),
        ("cats_vs_dogs/train", "**/*.jpg", True),
        ("blood_cells_bccd/images", "*.jpg", False),
    ],
)
def test_photos_are_similar_and_blood_smears_are_not(
    shared_data: Path, folder: str, pattern: str, is_similar: bool
) -> None:
    paths = sorted((shared_data / folder).glob(pattern))
    found = measure_similarity(paths, max_images=48, store=None)
    assert found.is_similar is is_similar
    assert found.n_images == 48


def test_outputs_decide_where_batch_norms_have_learned_nothing() -> None:
    X, _ = make_photos(12)
    found = measure_similarity(X, backbone="tiny", store=None)
    logits = DeepFeatureExtractor("tiny", cut_layer="logits", store=None).transform(X)
    assert math.isnan(found.batch_norm_distance)
    assert (found.output_entropy, found.top_probability) == read_outputs(logits)
    assert found.decided_by == "outputs"
    assert found.score == 1 - found.output_entropy
    assert "weak evidence" in found.verdict


def test_neighbours_are_asked_where_there_are_targets() -> None:
    X, y = make_photos(24)
    found = measure_similarity(X, y=y, backbone="tiny", store=None)
    assert (found.early_layer, found.late_layer) == ("stem", "penultimate")
    assert found.early_late_knn == found.late_knn - found.early_knn
    assert "early ones (neighbours at 'penultimate'" in found.verdict
    assert math.isnan(measure_similarity(X, backbone="tiny", store=None).late_knn)


def test_an_image_goes_once_through_the_network_of_the_features(tmp_path: Path) -> None:
    X, y = make_photos(12)
    store = FeatureStore(tmp_path)
    for expected, where in ((12, None), (12, store), (0, store)):
        before = images_forwarded()
        measure_similarity(X, y=y, backbone="tiny", store=where)
        assert images_forwarded() - before == expected


def test_two_measurements_agree_on_what_is_drawn() -> None:
    X, y = make_photos(24)
    given = {"y": y, "backbone": "tiny", "store": None, "max_images": 9}
    first, second = (measure_similarity(X, **given, random_state=3) for _ in range(2))
    other = measure_similarity(X, **given, random_state=4)
    assert first.n_images == 9
    assert first.output_entropy == second.output_entropy != other.output_entropy


@pytest.mark.parametrize("distance", [0.0, 0.2, 0.5, 0.51, 3.0])
def test_score_is_what_two_normal_distributions_share(distance: float) -> None:
    grid = np.linspace(-9, 12, 100_001)
    lower = np.minimum(norm.pdf(grid), norm.pdf(grid, distance))
    found = _similarity(distance)
    assert found.score == pytest.approx(np.trapezoid(lower, grid), abs=1e-6)
    assert found.is_similar == (distance <= 0.5)
    assert f"{distance:.2f} standard deviations" in found.verdict


def test_nothing_measured_is_said() -> None:
    found = _similarity()
    assert found.is_similar is None
    assert math.isnan(found.score)
    assert "cannot be said" in found.verdict


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"weights": None}, "expected pretrained weights"),
        ({"max_images": 1}, "Got max_images=1; expected at least 2 images"),
        ({"random_state": -1}, "Got random_state=-1; expected a whole number"),
        ({"image_size": 4}, "expected at least 8 for 'tiny'"),
    ],
)
def test_wrong_parameter_is_named(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        measure_similarity(make_photos(4)[0], **{"backbone": "tiny", **wrong})


def test_single_image_is_not_measured() -> None:
    with pytest.raises(DataError, match="Got 1 images; expected at least two"):
        measure_similarity(make_photos(1)[0], backbone="tiny")
