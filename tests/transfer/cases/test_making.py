"""A case is made from its options, and its options can be checked beforehand."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import is_regressor

from hybridml import FeatureStore, TransferClassifier, TransferRegressor
from hybridml.backbones.counting import images_forwarded
from hybridml.backbones.registry import get_backbone
from hybridml.exceptions import (
    DataError,
    InvalidParameterError,
    UnknownBackboneError,
    UnknownCutLayerError,
    UnknownHeadError,
    WeightsError,
)
from hybridml.testing import make_photos
from hybridml.transfer.cases.catalogue import CASES, cases_of
from hybridml.transfer.cases.making import (
    CaseOptions,
    check_options,
    extractor_of,
    make_case,
)

IMAGES, LABELS = make_photos(4)
TARGETS = {
    "classification": LABELS,
    "multilabel": np.array([[1, 0], [0, 1], [1, 1], [0, 0]], dtype=bool),
    "regression": np.arange(4.0),
}


def test_options_are_the_parameters_of_the_classifier() -> None:
    params = TransferClassifier().get_params(deep=False)
    options = {field.name: field.default for field in fields(CaseOptions)}
    not_of_the_user = {"scoring": None, "task": "classification"}
    assert {**params, **not_of_the_user} == {**options, "case": 1}


def test_options_of_the_regressor_are_parameters_of_the_classifier() -> None:
    params = TransferRegressor().get_params(deep=False)
    options = {field.name: field.default for field in fields(CaseOptions)}
    assert {**options, **params} == {**options, "case": 1, "head": "ridge"}


@pytest.mark.parametrize("task", ["classification", "multilabel", "regression"])
def test_every_case_of_a_task_passes(task: Any) -> None:
    options = CaseOptions("tiny", task=task, cut_layer="all", head="ridge")
    for case in cases_of(task):
        check_options(case, options, IMAGES, TARGETS[task])


@pytest.mark.parametrize(
    ("case", "changed", "message"),
    [
        (
            0,
            {"task": "regression"},
            r"Got case=0; expected 1 to 4 for regression\. Case 0 has no outputs that "
            r"are numbers; use case 1 with cut_layer='logits'",
        ),
        (
            1,
            {"cut_layer": "ensemble", "class_weight": "balanced"},
            "Got class_weight='balanced'; expected None with cut_layer='ensemble'",
        ),
        (
            1,
            {"cut_layer": "ensemble", "task": "multilabel"},
            "Got cut_layer='ensemble'; expected a layer, several, or 'all'",
        ),
        (1, {"task": "regress"}, "Got task='regress'; expected 'classification', 'mul"),
        (
            1,
            {"task": "regression", "class_weight": "balanced"},
            "Got class_weight='balanced'; expected None for regression",
        ),
        (
            3,
            {"task": "multilabel", "class_weight": "balanced"},
            "expected None for fine-tuning several labels an image",
        ),
    ],
)
def test_what_does_not_suit_the_task_is_named(
    case: int, changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        make_case(case, CaseOptions("tiny", **changed))


def test_head_has_to_suit_the_task() -> None:
    options = CaseOptions("tiny", task="regression", head=("ridge", "logistic"))
    with pytest.raises(UnknownHeadError, match="expected a head for regression"):
        check_options(1, options, IMAGES, TARGETS["regression"])


def test_calibration_plays_no_part_in_a_regression() -> None:
    options = CaseOptions("tiny", task="regression", head="ridge", calibrate=True)
    assert is_regressor(make_case(1, options))
    assert is_regressor(make_case(1, replace(options, cut_layer="all")))


@pytest.mark.parametrize(
    ("case", "changed", "name"),
    [
        (1, {}, "pipeline__head__class_weight"),
        (1, {"cut_layer": "all"}, "class_weight"),
        (2, {}, "class_weight"),
        (4, {}, "class_weight"),
    ],
)
def test_class_weights_reach_the_estimator(
    case: int, changed: dict[str, Any], name: str
) -> None:
    options = CaseOptions("tiny", class_weight="balanced", **changed)
    assert make_case(case, options).get_params()[name] == "balanced"


def test_cases_are_numbered_from_zero() -> None:
    assert list(CASES) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("case", list(CASES))
def test_good_options_pass_and_forward_no_image(case: int) -> None:
    before = images_forwarded()
    check_options(case, CaseOptions("tiny", cut_layer="all"), IMAGES, LABELS)
    assert images_forwarded() == before


@pytest.mark.parametrize(
    ("case", "changed", "error", "message"),
    [
        (7, {}, InvalidParameterError, "Got case=7"),
        (0, {"backbone": "tni"}, UnknownBackboneError, "Got backbone='tni'"),
        (0, {"class_map": "x"}, InvalidParameterError, "Got class_map='x'"),
        (0, {"class_map": {"class0": [0]}}, DataError, "Got class_map="),
        (0, {"precision": "fp8"}, InvalidParameterError, "Got precision='fp8'"),
        (0, {"backbone": "lenet5"}, WeightsError, "no published weights"),
        (1, {"cut_layer": ["stem", "x"]}, UnknownCutLayerError, "Got cut_layer='x'"),
        (1, {"cut_layer": "x"}, UnknownCutLayerError, "Got cut_layer='x'"),
        (1, {"head": ("ridge", "x")}, UnknownHeadError, "Got head='x'"),
        (1, {"pooling": "x"}, InvalidParameterError, "Got pooling='x'"),
        (1, {"n_jobs": 0}, InvalidParameterError, "Got n_jobs=0"),
        (2, {"epochs": -1}, InvalidParameterError, "Got epochs=-1"),
        (3, {"augmentation": "x"}, InvalidParameterError, "Got augmentation='x'"),
        (3, {"weights": "nowhere.pth"}, WeightsError, "nowhere.pth"),
        (4, {"image_size": 4}, InvalidParameterError, "Got image_size=4"),
    ],
)
def test_wrong_options_are_found_beforehand(
    case: int, changed: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        check_options(
            case, CaseOptions(**{"backbone": "tiny", **changed}), IMAGES, LABELS
        )


def test_weights_have_to_reach_the_last_features(tmp_path: Path) -> None:
    state = {
        name: value
        for name, value in get_backbone("tiny").build(10).state_dict().items()
        if name.startswith("stem")
    }
    path = tmp_path / "stem.pth"
    torch.save(state, path)
    options = CaseOptions("tiny", weights=path, cut_layer="all")
    check_options(1, options, IMAGES, LABELS)  # of those that the weights reach
    with pytest.raises(
        WeightsError, match="weights end before cut_layer='penultimate'"
    ):
        check_options(3, options, IMAGES, LABELS)
    with pytest.raises(WeightsError, match="weights end before cut_layer='stage1'"):
        check_options(1, replace(options, cut_layer=["stage1"]), IMAGES, LABELS)


def test_scratch_training_needs_no_weights() -> None:
    check_options(4, CaseOptions("lenet5"), IMAGES, LABELS)


def test_given_class_map_is_resolved_beforehand(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path)
    given = {"class0": [0], "class1": [np.int64(1)]}
    options = CaseOptions("tiny", class_map=given, store=store)
    check_options(0, options, IMAGES, LABELS)
    assert store.stats()["rows"] == 0


def test_extractor_takes_the_options_and_what_is_changed() -> None:
    options = CaseOptions("tiny", pooling="max", image_size=24, random_state=4)
    extractor = extractor_of(options, "stem", pooling="mean", store=None)
    assert (extractor.cut_layer, extractor.pooling) == ("stem", "mean")
    assert (extractor.image_size, extractor.random_state) == (24, 4)
    assert extractor.store is None


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_ensemble_is_made_and_checked(task: Any) -> None:
    options = CaseOptions("tiny", task=task, cut_layer="ensemble", pooling="max")
    check_options(1, options, IMAGES, TARGETS[task])
    ensemble: Any = make_case(1, replace(options, random_state=3))
    assert type(ensemble).__name__.startswith("LayerEnsemble")
    assert is_regressor(ensemble) == (task == "regression")
    assert (ensemble.extractor.pooling, ensemble.random_state) == ("max", 3)


def test_search_passes_its_options_on() -> None:
    options = CaseOptions(
        "tiny", cut_layer="all", head="ridge", scoring="f1_macro", n_jobs=2
    )
    search = make_case(1, options)
    found = search.get_params(deep=False)
    assert (found["cut_layers"], found["heads"]) == ("all", "ridge")
    assert (found["scoring"], found["n_jobs"]) == ("f1_macro", 2)
