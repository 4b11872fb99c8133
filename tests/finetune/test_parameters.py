"""Wrong parameters are all named at once, before any work."""

from __future__ import annotations

from typing import Any

import pytest

from hybridml import FineTuneClassifier, FineTuneRegressor
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
    views_kept,
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
        {"optimizer": "sgd", "n_views": 3, "test_views": 10, "checkpoint": "folder"},
        {"layer_decay": 0.5, "l2_sp": 1, "l1_head": 0.1, "mixup": 0.2, "cutmix": 1},
        {"ema_decay": 0, "max_gradient_norm": None, "prefix_cache": False},
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
        ("verbose", "yes", "a whole number >= 0"),
        ("n_jobs", -2, "None, -1 or a positive whole number"),
        ("learning_rate", 0.0, "'auto' or a number > 0"),
        ("learning_rate", float("nan"), "'auto' or a number > 0"),
        ("learning_rate", float("inf"), "'auto' or a number > 0"),
        ("weight_decay", -0.1, "a number >= 0"),
        ("label_smoothing", 1.5, "a number from 0 to 1"),
        ("dropout", 1.0, r"a number from 0 to 0\.99"),
        ("validation_fraction", 0.95, r"a number from 0 to 0\.9"),
        ("augmentation", "heavy", "'none', .* or a transform of images"),
        ("augmentation", ["light"], "'none', .* or a transform of images"),
        ("refit", "never", "'auto', True or False"),
        ("class_weight", "equal", "'balanced', a dict of class and weight, or None"),
        ("callbacks", ["print"], "a list of Callback objects"),
        ("callbacks", None, "a list of Callback objects"),
        ("n_views", 0, "'auto' or a positive whole number"),
        ("test_views", 0, "a whole number from 1 to 10"),
        ("test_views", 11, "a whole number from 1 to 10"),
        ("in_channels", 0, "a positive number of channels"),
        ("optimizer", "adam", "'adamw' or 'sgd'"),
        ("layer_decay", 1.5, "a number from 0 to 1"),
        ("l2_sp", -1, "a number >= 0"),
        ("l1_head", -1, "a number >= 0"),
        ("mixup", -1, "a number >= 0"),
        ("mixup", float("inf"), "a number >= 0"),
        ("cutmix", None, "a number >= 0"),
        ("ema_decay", 1.0, "None or a number from 0 to below 1"),
        ("max_gradient_norm", 0, "None or a number > 0"),
        ("gradual_unfreezing", 1, "True or False"),
        ("prefix_cache", "yes", "True or False"),
        ("checkpoint", 3, "None or a folder"),
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


@pytest.mark.parametrize(
    ("n_views", "epochs", "kept"),
    [("auto", 10, 4), ("auto", 2, 2), (7, 10, 7), (7, 3, 3), (1, 0, 1)],
)
def test_no_more_views_are_kept_than_epochs_see(
    n_views: str | int, epochs: int, kept: int
) -> None:
    assert views_kept(n_views, epochs) == kept


def test_parameters_of_the_loop_are_those_given() -> None:
    network = load_network("tiny", device="cpu", precision="fp32")
    given = {"optimizer": "sgd", "l2_sp": 0.1, "ema_decay": 0.5, "mixup": 1}
    params = FineTuneClassifier("tiny", **given).get_params(deep=False)
    settings = make_settings(params, network)
    assert {name: getattr(settings, name) for name in given} == given
    assert settings.learning_rate == 1e-3  # ten times that of AdamW


def test_a_regressor_has_no_parameters_of_classes() -> None:
    names = set(FineTuneRegressor().get_params())
    others = set(FineTuneClassifier().get_params()) - names
    assert others == {"class_weight", "label_smoothing"}
    params = FineTuneRegressor("tiny", epochs=-1).get_params(deep=False)
    with pytest.raises(InvalidParameterError, match="FineTuneRegressor: Got epochs=-1"):
        check_parameters(params, owner="FineTuneRegressor")


def _check_backbone(name: str) -> None:
    params = FineTuneClassifier(name).get_params(deep=False)
    check_parameters(params, owner="FineTuneClassifier")
