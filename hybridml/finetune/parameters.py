"""Whether the parameters of fine-tuning are right, and what "auto" stands for."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hybridml._checks import Problems, is_count, is_number, list_names
from hybridml.backbones.network import Network
from hybridml.backbones.pooling import check_pooling
from hybridml.backbones.registry import get_backbone
from hybridml.features.choosing import open_store
from hybridml.finetune.learning.freezing import check_trainable
from hybridml.finetune.training.optimizer import OPTIMIZERS
from hybridml.finetune.training.settings import Settings
from hybridml.finetune.watching.callbacks import Callback
from hybridml.images.policies import EXPECTED_AUGMENTATION, is_augmentation
from hybridml.images.views import MAX_VIEWS

_LARGEST = sys.float_info.max  # but not infinite

# Smallest and largest value of each parameter that is a number with a fraction.
_RANGES = {
    "weight_decay": (0.0, _LARGEST),
    "label_smoothing": (0.0, 1.0),
    "dropout": (0.0, 0.99),
    "layer_decay": (0.0, 1.0),
    "l2_sp": (0.0, _LARGEST),
    "l1_head": (0.0, _LARGEST),
    "mixup": (0.0, _LARGEST),
    "cutmix": (0.0, _LARGEST),
    "validation_fraction": (0.0, 0.9),
}
_MOST_TEST_VIEWS = 10


def check_parameters(params: Mapping[str, Any], *, owner: str) -> None:
    """Check the parameters of a fine-tuning estimator, without loading its weights.

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
    UnknownBackboneError, UnknownCutLayerError
        If there is no such backbone, or `trainable` is no part of it.
    """
    problems = Problems(owner)
    _check_counts(params, problems)
    _check_batch(params, problems)
    _check_numbers(params, problems)
    _check_choices(params, problems)
    problems.raise_all()
    check_pooling(params["pooling"])
    open_store(params["store"])
    check_trainable(get_backbone(params["backbone"]), params["trainable"])


def planned_epochs(epochs: str | int, *, scratch: bool) -> int:
    """Resolve the parameter `epochs`: "auto" is 5, or 20 from scratch."""
    if epochs == "auto":
        return 20 if scratch else 5
    return int(epochs)


def views_kept(n_views: str | int, epochs: int) -> int:
    """Resolve the parameter `n_views`: "auto" is 4; never more than epochs."""
    return min(4 if n_views == "auto" else int(n_views), max(epochs, 1))


def make_settings(params: Mapping[str, Any], network: Network) -> Settings:
    """Resolve every "auto" of checked parameters for the training loop."""
    scratch = params["weights"] is None
    rate, patience = params["learning_rate"], params["patience"]
    if rate == "auto":
        rate = 1e-3 if scratch else 1e-4
        rate *= 10 if params["optimizer"] == "sgd" else 1
    if patience == "auto":
        # A network from scratch may guess for many epochs before it learns.
        patience = None if scratch else 5
    same = ("optimizer", "max_gradient_norm", "ema_decay", "gradual_unfreezing")
    numbers = ("layer_decay", "weight_decay", "l2_sp", "l1_head", "mixup", "cutmix")
    return Settings(
        epochs=planned_epochs(params["epochs"], scratch=scratch),
        batch_size=int(params["batch_size"]),
        learning_rate=float(rate),
        head_factor=1.0 if scratch else 10.0,
        bias_factor=1.0 if scratch else 20.0,
        label_smoothing=float(params.get("label_smoothing", 0.0)),
        patience=patience,
        batch_norm_learns=scratch,
        start_is_trained=not scratch,
        seed=int(params["random_state"]),
        device=network.device,
        autocast=network.precision == "bf16",
        **dict[str, Any]({name: params[name] for name in same}),
        **dict[str, Any]({name: float(params[name]) for name in numbers}),
    )


def _check_counts(params: Mapping[str, Any], problems: Problems) -> None:
    def check(name: str, minimum: int, expected: str, *others: object) -> None:
        value = params[name]
        is_other = isinstance(value, str | int | None) and value in others
        holds = is_other or is_count(value, minimum=minimum)
        problems.expect(holds, name, value, expected)

    check("n_views", 1, "'auto' or a positive whole number", "auto")
    check("in_channels", 1, "a positive number of channels")
    views = params["test_views"]
    is_number_of_views = is_count(views) and views <= MAX_VIEWS
    expected = f"a whole number from 1 to {MAX_VIEWS}"
    problems.expect(is_number_of_views, "test_views", views, expected)
    check("image_size", 1, "None or a positive number of pixels", None)
    check("epochs", 0, "'auto' or a whole number >= 0", "auto")
    check("batch_size", 1, "a positive whole number")
    check("n_workers", 1, "a positive whole number")
    check("patience", 1, "'auto', None or a positive whole number", None, "auto")
    check("random_state", 0, "a whole number >= 0")
    check("verbose", 0, "a whole number >= 0", True, False)
    check("n_jobs", 1, "None, -1 or a positive whole number", None, -1)


def _check_batch(params: Mapping[str, Any], problems: Problems) -> None:
    """Check that each process has images in each batch: two, for batch norms."""
    n_workers, batch_size = params["n_workers"], params["batch_size"]
    if is_count(n_workers) and is_count(batch_size) and n_workers > 1:
        expected = f"at most {batch_size // 2}, half of batch_size={batch_size}"
        holds = 2 * n_workers <= batch_size
        problems.expect(holds, "n_workers", n_workers, expected)


def _check_numbers(params: Mapping[str, Any], problems: Problems) -> None:
    rate = params["learning_rate"]
    is_rate = rate == "auto" or (is_number(rate) and 0 < float(rate) < float("inf"))
    problems.expect(is_rate, "learning_rate", rate, "'auto' or a number > 0")
    norm, decay = params["max_gradient_norm"], params["ema_decay"]
    is_norm = norm is None or (is_number(norm) and float(norm) > 0)
    problems.expect(is_norm, "max_gradient_norm", norm, "None or a number > 0")
    is_decay = decay is None or is_number(decay, low=0.0, high=0.999999)
    problems.expect(is_decay, "ema_decay", decay, "None or a number from 0 to below 1")
    for name in _RANGES.keys() & params.keys():
        (low, high), value = _RANGES[name], params[name]
        upwards = f"a number >= {low:g}"
        expected = upwards if high == _LARGEST else f"a number from {low:g} to {high:g}"
        problems.expect(is_number(value, low=low, high=high), name, value, expected)


def _check_choices(params: Mapping[str, Any], problems: Problems) -> None:
    policy = params["augmentation"]
    is_known = is_augmentation(policy)
    problems.expect(is_known, "augmentation", policy, EXPECTED_AUGMENTATION)
    optimizer = params["optimizer"]
    is_known = isinstance(optimizer, str) and optimizer in OPTIMIZERS
    problems.expect(is_known, "optimizer", optimizer, list_names(OPTIMIZERS))
    for name in ("gradual_unfreezing", "prefix_cache"):
        is_bool = isinstance(params[name], bool | np.bool_)
        problems.expect(is_bool, name, params[name], "True or False")
    refit = params["refit"]
    is_refit = isinstance(refit, bool | np.bool_) or refit == "auto"
    problems.expect(is_refit, "refit", refit, "'auto', True or False")
    folder = params["checkpoint"]
    is_folder = folder is None or isinstance(folder, str | Path)
    problems.expect(is_folder, "checkpoint", folder, "None or a folder")
    weight = params.get("class_weight")
    is_weight = weight is None or weight == "balanced" or isinstance(weight, Mapping)
    expected = "'balanced', a dict of class and weight, or None"
    problems.expect(is_weight, "class_weight", weight, expected)
    callbacks = params["callbacks"]
    are_callbacks = isinstance(callbacks, list | tuple) and all(
        isinstance(callback, Callback) for callback in callbacks
    )
    problems.expect(are_callbacks, "callbacks", callbacks, "a list of Callback objects")
