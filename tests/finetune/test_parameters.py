"""Wrong parameters are all named at once, before any work."""

from __future__ import annotations

from typing import Any

import pytest

from hybridml import FineTuneClassifier
from hybridml.backbones.loading import load_network
from hybridml.exceptions import (
    InvalidParameterError,
    UnknownBackboneError,
    UnknownCutLayerError,
)
from hybridml.finetune import Callback
from hybridml.finetune.parameters import (
    check_parameters,
    make_settings,
    planned_epochs,
)


def _check(**changed: Any) -> None:
    params = FineTuneClassifier("tiny", **changed).get_params(deep=False)
    check_parameters(params, owner="FineTuneClassifier")


@pytest.mark.parametrize(
    "good",
    [
        {},
        {"epochs": 0, "patience": None, "n_jobs": -1, "verbose": True},
        {"class_weight": "balanced", "learning_rate": 1, "store": None},
        {"class_weight": {"a": 2}, "callbacks": [Callback()], "trainable": "stem"},
        {"validation_fraction": 0, "image_size": 64, "random_state": 7},
    ],
)
def test_good_parameters_pass(good: dict[str, Any]) -> None:
    _check(**good)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("image_size", 0, "None or a positive number of pixels"),
        ("epochs", -1, "'auto' or a whole number >= 0"),
        ("epochs", "many", "'auto' or a whole number >= 0"),
        ("epochs", 2.5, "'auto' or a whole number >= 0"),
        ("epochs", True, "'auto' or a whole number >= 0"),
        ("batch_size", 0, "a positive whole number"),
        ("batch_size", None, "a positive whole number"),
        ("patience", 0, "'auto', None or a positive whole number"),
        ("random_state", None, "a whole number >= 0"),
        ("n_jobs", -2, "None, -1 or a positive whole number"),
        ("learning_rate", 0.0, "'auto' or a number > 0"),
        ("learning_rate", float("nan"), "'auto' or a number > 0"),
        ("learning_rate", float("inf"), "'auto' or a number > 0"),
        ("weight_decay", -0.1, "a number from 0 to inf"),
        ("label_smoothing", 1.5, "a number from 0 to 1"),
        ("dropout", 1.0, r"a number from 0 to 0\.99"),
        ("validation_fraction", 0.95, r"a number from 0 to 0\.9"),
        ("augmentation", "heavy", "'none', 'light', 'standard' or 'strong'"),
        ("augmentation", ["light"], "'none', 'light', 'standard' or 'strong'"),
        ("class_weight", "equal", "'balanced', a dict of class and weight, or None"),
        ("callbacks", ["print"], "a list of Callback objects"),
        ("callbacks", None, "a list of Callback objects"),
    ],
)
def test_wrong_parameter_is_named(name: str, value: object, expected: str) -> None:
    message = rf"FineTuneClassifier: Got {name}=.*; expected {expected}\.$"
    with pytest.raises(InvalidParameterError, match=message):
        _check(**{name: value})


def test_all_wrong_parameters_are_named_at_once() -> None:
    wrong = {"epochs": -1, "dropout": 2, "augmentation": "?", "n_jobs": 0}
    with pytest.raises(InvalidParameterError, match="FineTuneClassifier") as caught:
        _check(**wrong)
    assert all(f"Got {name}=" in str(caught.value) for name in wrong)


def test_unknown_names_are_named() -> None:
    with pytest.raises(UnknownBackboneError, match="Did you mean 'tiny'"):
        _check_backbone("tiniy")
    with pytest.raises(UnknownCutLayerError, match="Got trainable='last3'"):
        _check(trainable="last3")
    with pytest.raises(InvalidParameterError, match="Got store=3; expected 'default'"):
        _check(store=3)


@pytest.mark.parametrize(
    ("epochs", "scratch", "planned"),
    [("auto", False, 5), ("auto", True, 20), (3, False, 3), (0, True, 0)],
)
def test_auto_epochs_are_more_from_scratch(
    epochs: str | int, scratch: bool, planned: int
) -> None:
    assert planned_epochs(epochs, scratch=scratch) == planned


def test_auto_rates_depend_on_the_start() -> None:
    network = load_network("tiny", device="cpu", precision="fp32")
    params = FineTuneClassifier("tiny").get_params(deep=False)
    tuned = make_settings(params, network)
    scratch = make_settings({**params, "weights": None}, network)
    assert (tuned.learning_rate, tuned.head_factor, tuned.bias_factor) == (1e-4, 10, 20)
    assert (scratch.learning_rate, scratch.head_factor) == (1e-3, 1)
    assert (tuned.patience, scratch.patience) == (5, None)
    assert scratch.batch_norm_learns
    assert not tuned.batch_norm_learns
    assert not tuned.autocast


def _check_backbone(name: str) -> None:
    params = FineTuneClassifier(name).get_params(deep=False)
    check_parameters(params, owner="FineTuneClassifier")
