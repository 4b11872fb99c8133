"""What the results of a fusion depend on, beside the rows and the folds."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from types import FunctionType
from typing import Any

import numpy as np
from torch import nn

from hybridml.backbones.registry import get_backbone
from hybridml.fusion.comparing.nested import networks_of

_CHANGE_NO_NUMBER = {"store", "checkpoint", "callbacks", "n_jobs", "verbose"}


def identify_networks(estimator: Any) -> list[list[str]]:
    """List weights' digest, precision and device of the networks in an estimator."""
    return [
        [network.weights_digest, network.precision, str(network.device)]
        for network in networks_of(estimator)
    ]


def identify(value: Any) -> object:
    """Turn a parameter into plain values of which the repr tells it from all others.

    Estimators are told by their class and parameters, without those that change no
    number; arrays and networks by a digest. What has no such form gets one that is
    never given again.

    Examples
    --------
    >>> from sklearn.preprocessing import StandardScaler
    >>> identify([("x", StandardScaler(with_mean=False), np.int64(1))])[0][1]
    ['sklearn.preprocessing._data.StandardScaler', {'copy': 'True', \
'with_mean': 'False', 'with_std': 'True'}]
    """
    if isinstance(value, type):
        return _name(value)
    if hasattr(value, "get_params"):
        params = value.get_params(deep=False)
        kept = {k: v for k, v in params.items() if k not in _CHANGE_NO_NUMBER}
        return [_name(type(value)), {k: identify(v) for k, v in kept.items()}]
    if isinstance(value, Mapping):
        return [[identify(k), identify(v)] for k, v in value.items()]
    if isinstance(value, list | tuple):
        return [identify(part) for part in value]
    if isinstance(value, nn.Module):
        return get_backbone(value).digest
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        digest = hashlib.blake2b(np.ascontiguousarray(value).data, digest_size=20)
        return [value.dtype.str, value.shape, digest.hexdigest()]
    if isinstance(value, FunctionType):
        return _identify_function(value)
    return _plain(value)


def _identify_function(function: FunctionType) -> object:
    if function.__closure__:
        return uuid.uuid4().hex
    code = function.__code__
    told = [f"{function.__module__}.{function.__qualname__}", code.co_code.hex()]
    values = [code.co_consts, function.__defaults__, function.__kwdefaults__]
    return [*told, code.co_names, identify(values)]


def _plain(value: object) -> str:
    text = repr(value.item() if isinstance(value, np.generic) else value)
    # An address may be that of something else in the next process.
    return uuid.uuid4().hex if " at 0x" in text else text


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
