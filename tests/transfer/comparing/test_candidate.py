"""A candidate has a name of its own, and makes the estimator that does it."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor

from hybridml.finetune import FineTuneRegressor
from hybridml.transfer import AllLayersClassifier, AllLayersRegressor
from hybridml.transfer.cases.catalogue import ALL_LAYERS, ENSEMBLE
from hybridml.transfer.cases.making import CaseOptions
from hybridml.transfer.comparing.candidate import Candidate


@pytest.mark.parametrize(
    ("case", "options", "expected"),
    [
        (0, {}, ("logits", "class map")),
        (1, {"cut_layer": "stem", "head": "ridge"}, ("stem", "ridge")),
        (1, {"backbone": "tiny", "cut_layer": 1}, ("stage1", "linear_svm")),
        (1, {"cut_layer": "all", "head": ("ridge", "svm")}, ("searched", "ridge, svm")),
        (1, {"cut_layer": ["stem"], "head": "ridge"}, ("searched", "ridge")),
        (1, {"cut_layer": "ensemble"}, ("ensemble", "logistic")),
        (1, {"cut_layer": "ensemble", "task": "regression"}, ("ensemble", "ridge")),
        (2, {}, ("penultimate", "linear")),
        (4, {"cut_layer": "all"}, ("penultimate", "linear")),
        (None, {}, ("", "prior")),
        (None, {"task": "regression"}, ("", "mean")),
    ],
)
def test_cut_layer_and_head_are_named(
    case: int | None, options: dict[str, Any], expected: tuple[str, str]
) -> None:
    choice = Candidate(case, CaseOptions(**options)).choice()
    assert choice == {"cut_layer": expected[0], "head": expected[1]}


def test_no_two_rows_of_a_comparison_have_one_name() -> None:
    options = CaseOptions("tiny")
    rows = [Candidate(None, options), Candidate(1, options)]
    rows += [Candidate(1, options, ALL_LAYERS), Candidate(1, options, ENSEMBLE)]
    rows += [Candidate(1, CaseOptions("other"))]
    names = [row.name for row in rows]
    assert names == [
        "baseline",
        "case 1 (tiny)",
        "case 1, all layers (tiny)",
        "case 1, ensemble (tiny)",
        "case 1 (other)",
    ]


def test_title_says_what_is_done() -> None:
    title = Candidate(3, CaseOptions("tiny")).title
    assert title == "case 3: fine-tune everything (tiny)"
    assert Candidate(None, CaseOptions()).title == "baseline: guess without looking"


def test_estimator_is_made_as_the_options_say() -> None:
    ranked = CaseOptions("tiny", calibrate=False)
    assert not hasattr(Candidate(1, ranked).make(), "predict_proba")
    assert hasattr(Candidate(1, ranked).make(calibrate=True), "predict_proba")
    calibrated = CaseOptions("tiny", calibrate=True)
    assert hasattr(Candidate(1, calibrated).make(), "predict_proba")


@pytest.mark.parametrize(
    ("task", "kinds"),
    [
        ("classification", (DummyClassifier, AllLayersClassifier)),
        ("regression", (DummyRegressor, AllLayersRegressor)),
    ],
)
def test_baseline_and_all_layers_suit_the_task(task: Any, kinds: Any) -> None:
    options = CaseOptions("tiny", task=task, cut_layer="all", pooling="max")
    assert isinstance(Candidate(None, options).make(calibrate=True), kinds[0])
    selected = Candidate(1, options, ALL_LAYERS).make()
    assert isinstance(selected, kinds[1])
    assert (selected.backbone, selected.pooling) == ("tiny", "max")


def test_regression_is_never_calibrated() -> None:
    options = CaseOptions("tiny", task="regression", head="ridge")
    assert not hasattr(Candidate(1, options).make(calibrate=True), "predict_proba")
    tuned = Candidate(3, options).make(calibrate=True)
    assert isinstance(tuned, FineTuneRegressor)
