"""Whether the parameters of intermediate fusion are right, and the loop's settings."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from hybridml._checks import Problems, did_you_mean, is_count, is_number, list_names
from hybridml.backbones.precision import resolve_device
from hybridml.finetune.training.settings import Settings
from hybridml.finetune.watching.callbacks import Callback
from hybridml.fusion.intermediate.networks.fusion_network import METHODS, Architecture

MISSING = ("networks", "dropout")
PRETRAINED_FACTOR = 0.05  # what was trained before learns so many times as fast
_STEPS, _FEWEST_EPOCHS, _MOST_EPOCHS = 500, 10, 200
_LARGEST = sys.float_info.max  # but not infinite

# Smallest and largest value of each parameter that is a number with a fraction.
_RANGES = {
    "dropout": (0.0, 0.99),
    "input_dropout": (0.0, 0.99),
    "modality_dropout": (0.0, 0.99),
    "auxiliary_weight": (0.0, _LARGEST),
    "weight_decay": (0.0, _LARGEST),
    "label_smoothing": (0.0, 1.0),
    "validation_fraction": (0.0, 0.9),
}
_COUNTS = {
    "n_networks": 1,
    "width": 1,
    "rank": 1,
    "n_heads": 1,
    "n_components": 1,
    "batch_size": 2,
    "random_state": 0,
}


def check_parameters(params: Mapping[str, Any], *, owner: str) -> None:
    """Check the parameters of an intermediate fusion, but for its modalities.

    Parameters
    ----------
    params : mapping of {str: object}
        As the estimator's `get_params` returns them.
    owner : str
        Name of the estimator, for the message.

    Raises
    ------
    InvalidParameterError
        Naming all the parameters that are wrong.
    """
    problems = Problems(owner)
    _check_numbers(params, problems)
    _check_choices(params, problems)
    problems.raise_all()
    resolve_device(params["device"])


def make_architecture(params: Mapping[str, Any]) -> Architecture:
    """Take what describes the networks from checked parameters."""
    counts = ("n_networks", "width", "rank", "n_heads")
    return Architecture(
        method=params["method"],
        dropout=float(params["dropout"]),
        input_dropout=float(params["input_dropout"]),
        **{name: int(params[name]) for name in counts},
    )


def planned_epochs(epochs: str | int, n_rows: int, batch_size: int) -> int:
    """Resolve the parameter `epochs`: "auto" is 500 steps in 10 to 200 epochs.

    Examples
    --------
    >>> [planned_epochs("auto", n_rows, 64) for n_rows in (100, 1500, 20_000)]
    [200, 21, 10]
    """
    if epochs != "auto":
        return int(epochs)
    n_batches = math.ceil(n_rows / batch_size)
    return min(max(round(_STEPS / n_batches), _FEWEST_EPOCHS), _MOST_EPOCHS)


def make_settings(params: Mapping[str, Any], n_rows: int) -> Settings:
    """Turn checked parameters into settings of the training loop."""
    batch_size = int(params["batch_size"])
    return Settings(
        epochs=planned_epochs(params["epochs"], n_rows, batch_size),
        batch_size=batch_size,
        optimizer="adamw",
        learning_rate=float(params["learning_rate"]),
        head_factor=1.0,
        bias_factor=1.0,
        layer_decay=PRETRAINED_FACTOR,
        weight_decay=float(params["weight_decay"]),
        l2_sp=0.0,
        l1_head=0.0,
        max_gradient_norm=1.0,
        label_smoothing=float(params.get("label_smoothing", 0.0)),
        mixup=0.0,
        cutmix=0.0,
        ema_decay=None,
        gradual_unfreezing=False,
        patience=params["patience"],
        batch_norm_learns=False,
        start_is_trained=False,
        seed=int(params["random_state"]),
        device=resolve_device(params["device"]),
        autocast=False,
    )


def _check_numbers(params: Mapping[str, Any], problems: Problems) -> None:
    for name, least in _COUNTS.items():
        is_right = is_count(params[name], minimum=least)
        problems.expect(is_right, name, params[name], f"a whole number >= {least}")
    for name in _RANGES.keys() & params.keys():
        (low, high), value = _RANGES[name], params[name]
        upwards = f"a number >= {low:g}"
        expected = upwards if high == _LARGEST else f"a number from {low:g} to {high:g}"
        problems.expect(is_number(value, low=low, high=high), name, value, expected)
    epochs = params["epochs"]
    is_plan = epochs == "auto" if isinstance(epochs, str) else is_count(epochs)
    problems.expect(is_plan, "epochs", epochs, "'auto' or a positive whole number")
    rate, patience = params["learning_rate"], params["patience"]
    is_rate = is_number(rate) and 0 < float(rate) < float("inf")
    problems.expect(is_rate, "learning_rate", rate, "a number > 0")
    is_patience = patience is None or is_count(patience)
    expected = "None or a positive whole number"
    problems.expect(is_patience, "patience", patience, expected)
    verbose = params["verbose"]
    is_verbose = isinstance(verbose, bool) or is_count(verbose, minimum=0)
    problems.expect(is_verbose, "verbose", verbose, "a whole number >= 0")


def _check_choices(params: Mapping[str, Any], problems: Problems) -> None:
    for name, known in (("method", METHODS), ("missing", MISSING)):
        value = params[name]
        is_known = isinstance(value, str) and value in known
        cure = did_you_mean(value, known)
        problems.expect(is_known, name, value, list_names(known), cure)
    scope = params["trainable"]
    is_scope = isinstance(scope, str) and scope != "all"
    problems.expect(is_scope, "trainable", scope, "'head', 'last2' or a cut layer")
    width, n_heads = params["width"], params["n_heads"]
    attends = params["method"] == "attention" and is_count(width) and is_count(n_heads)
    if attends:
        expected = f"a multiple of n_heads={n_heads}"
        problems.expect(width % n_heads == 0, "width", width, expected)
    is_refit = isinstance(params["refit"], bool | np.bool_)
    problems.expect(is_refit, "refit", params["refit"], "True or False")
    weight = params.get("class_weight")
    is_weight = weight is None or weight == "balanced" or isinstance(weight, Mapping)
    expected = "'balanced', a dict of class and weight, or None"
    problems.expect(is_weight, "class_weight", weight, expected)
    callbacks = params["callbacks"]
    are_callbacks = isinstance(callbacks, list | tuple) and all(
        isinstance(callback, Callback) for callback in callbacks
    )
    problems.expect(are_callbacks, "callbacks", callbacks, "a list of Callback objects")
