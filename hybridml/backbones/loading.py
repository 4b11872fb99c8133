"""Networks by their parameters: each is loaded once, and shared in the process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Protocol

from torch import nn

from hybridml._checks import describe
from hybridml.backbones.network import Network
from hybridml.backbones.own_network import check_runs
from hybridml.backbones.precision import resolve_device, resolve_precision
from hybridml.backbones.registry import get_backbone
from hybridml.backbones.spec import Backbone
from hybridml.backbones.weights import load_weights, weights_identity
from hybridml.exceptions import InvalidParameterError

_N_KEPT = 4

_networks: OrderedDict[tuple[object, ...], Network] = OrderedDict()
_lock = threading.RLock()


def load_network(
    backbone: str | nn.Module,
    *,
    weights: str | Path | None = "default",
    image_size: int | None = None,
    in_channels: int = 3,
    device: str = "auto",
    precision: str = "auto",
    random_state: int = 0,
) -> Network:
    """Load a backbone, once per process and configuration.

    Parameters
    ----------
    backbone : str or nn.Module
        A name, or a network; see `hybridml.backbones.get_backbone`.
    weights : "default", name, path, URL or None
        See `hybridml.backbones.weights.load_weights`.
    image_size : int or None
        Side of the square input in pixels; None for that of the weights.
    in_channels : int
        Number of channels of the images.
    device : str
        "auto" or what PyTorch calls it.
    precision : {"auto", "bf16", "fp32"}
    random_state : int
        Seed of random weights (``weights=None``).

    Raises
    ------
    UnknownBackboneError, WeightsError, InvalidParameterError
    """
    declared = get_backbone(backbone)
    on_device = resolve_device(device)
    runs_in = resolve_precision(precision, on_device)
    seed = random_state if weights is None else 0
    identity = (*weights_identity(weights), seed)
    who = declared.digest or id(declared)
    key = (who, identity, image_size, in_channels, str(on_device), runs_in)
    with _lock:
        if key not in _networks:
            loaded = load_weights(
                declared, weights, random_state=random_state, in_channels=in_channels
            )
            _check_image_size(declared, loaded.preprocessing.crop, image_size)
            sized = loaded.preprocessing.with_image_size(image_size)
            if declared.digest is not None:
                check_runs(loaded.module, declared.name, sized)
            _networks[key] = Network(declared, loaded, sized, on_device, runs_in)
        _networks.move_to_end(key)
        while len(_networks) > _N_KEPT:
            _networks.popitem(last=False)
        return _networks[key]


class NetworkParameters(Protocol):
    """The parameters by which estimators say which network they mean."""

    backbone: str | nn.Module
    weights: str | Path | None
    image_size: int | None
    device: str
    precision: str
    random_state: int


def network_of(estimator: NetworkParameters) -> Network:
    """Load the network that an estimator's parameters name; see `load_network`."""
    return load_network(
        estimator.backbone,
        weights=estimator.weights,
        image_size=estimator.image_size,
        in_channels=getattr(estimator, "in_channels", 3),  # not all have it
        device=estimator.device,
        precision=estimator.precision,
        random_state=estimator.random_state,
    )


def _check_image_size(backbone: Backbone, own: int, image_size: int | None) -> None:
    if image_size is None or image_size == own:
        return
    if backbone.fixed_image_size:
        expected = f"None or {own}: {backbone.name!r} takes no other size"
        raise InvalidParameterError(describe("image_size", image_size, expected))
    if image_size < backbone.min_image_size:
        expected = f"at least {backbone.min_image_size} for {backbone.name!r}"
        raise InvalidParameterError(describe("image_size", image_size, expected))
