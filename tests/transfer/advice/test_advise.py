"""Advice is given in words, with its evidence, and leads to an estimator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hybridml import Advice, advise_transfer_case
from hybridml.backbones.counting import images_forwarded
from hybridml.exceptions import DataError, UnknownBackboneError
from hybridml.testing import make_photos, register_tiny_backbone
from tests.transfer.conftest import Photos


def _advise(photos: Photos, **changed: Any) -> Advice:
    return advise_transfer_case(
        *photos, **{"backbone": "tiny", "store": None} | changed
    )


@pytest.fixture(scope="module")
def advice() -> Advice:
    register_tiny_backbone()
    return _advise(make_photos(40))


def test_easy_photos_need_no_training(advice: Advice) -> None:
    assert advice.case == 1
    assert advice.expected_score == 1.0
    assert advice.expected_low <= 1.0 == advice.expected_high
    assert advice.sureness == "low"  # 40 photos
    assert advice.expected_fit_s > 0


def test_evidence_has_case_0_and_every_layer(advice: Advice) -> None:
    rows = advice.evidence[["case", "cut_layer"]].to_numpy().tolist()
    assert rows == [
        [0, "logits"],
        [1, "stem"],
        [1, "stage1"],
        [1, "penultimate"],
        [1, "all layers"],
    ]
    assert advice.evidence["behind"].min() == 0.0
    best = advice.evidence.loc[advice.evidence["case"] == 1, "score"].max()
    assert advice.evidence["score"].max() >= best


def test_advice_is_said_in_words(advice: Advice) -> None:
    said = str(advice)
    assert said.startswith(
        "case 1: deep features and a shallow head (tiny, ensemble of "
    )
    assert "Expected score 1.000" in said
    assert said.count("\n- ") == len(advice.reasons) >= 3
    assert advice.facts["n_per_class"] == 20.0


def test_estimator_does_what_is_advised(advice: Advice, photos: Photos) -> None:
    model = advice.make_estimator()
    assert advice.cut_layer != "stem"
    assert model.fit(*photos).score(*photos) == 1.0


def test_two_calls_agree(advice: Advice) -> None:
    assert str(_advise(make_photos(40))).split("fit")[0] == str(advice).split("fit")[0]


def test_labels_without_rhyme_or_reason_promise_nothing() -> None:
    X, y = make_photos(60)
    shuffled = np.random.default_rng(1).permutation(y)
    found = _advise((X, shuffled))
    assert found.expected_low < 0.5 < found.expected_score + 0.2


def test_stored_features_leave_only_the_similarity_to_compute(tmp_path: Path) -> None:
    photos = make_photos(40)
    _advise(photos, store=tmp_path)
    before = images_forwarded()
    _advise(photos, store=tmp_path)
    assert images_forwarded() - before <= 40


@pytest.mark.parametrize(
    ("targets", "n_rows"),
    [
        pytest.param(np.arange(40) / 3, 4, id="numbers"),
        pytest.param(
            np.c_[np.arange(40) % 2, np.arange(40) % 3 == 0].astype(int),
            3,
            id="labels",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_numbers_and_labels_are_advised_on(targets: Any, n_rows: int) -> None:
    found = _advise((make_photos(40)[0], targets))
    assert len(found.evidence) == n_rows
    assert found.case in (1, 2)
    predicted = found.make_estimator().fit(make_photos(40)[0], targets)
    assert predicted.predict(make_photos(4)[0]).shape == targets[:4].shape


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"backbone": "tinny"}, UnknownBackboneError, "Did you mean 'tiny'"),
        ({"task": "rank"}, ValueError, "Got task='rank'"),
        ({"image_size": 4}, ValueError, "Got image_size=4"),
    ],
)
def test_wrong_parameters_are_named(
    photos: Photos, changed: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        _advise(photos, **changed)


def test_single_image_of_a_class_is_refused(photos: Photos) -> None:
    labels = np.array(["a"] * 15 + ["b"])
    with pytest.raises(DataError, match=r"too few in: b \(1\)"):
        _advise((photos[0], labels))
