"""Fitted estimators as files without code: weights in safetensors, the rest in JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from sklearn.utils.validation import check_is_fitted

from hybridml._checks import describe
from hybridml.exceptions import DataError, InvalidParameterError
from hybridml.features.store import FeatureStore
from hybridml.finetune.tuned_network import TunedNetwork

if TYPE_CHECKING:
    from hybridml.finetune.estimator import FineTuneEstimator

FORMAT = 1
_WEIGHTS, _REST = "weights.safetensors", "estimator.json"
_PLAIN = (str, int, float, bool, type(None))

Estimator = TypeVar("Estimator", bound="FineTuneEstimator")


def save_estimator(estimator: FineTuneEstimator, path: str | Path) -> None:
    """Write a fitted estimator to a folder; see `FineTuneEstimator.save`."""
    check_is_fitted(estimator, "tuned_")
    tuned: TunedNetwork = estimator.tuned_
    description = tuned.description()
    if not isinstance(description["backbone"], str):
        expected = (
            "a network by name, which can be had again without running saved code"
        )
        cure = "Register it with register_backbone, or pickle the estimator."
        name = type(description["backbone"]).__name__
        raise InvalidParameterError(describe("backbone", name, expected, cure))
    fitted = {
        name: value for name, value in vars(estimator).items() if name.endswith("_")
    }
    rest = {
        "format": FORMAT,
        "hybridml": version("hybridml"),
        "class": type(estimator).__name__,
        "params": _plain_params(estimator),
        "fitted": {n: _to_json(v) for n, v in fitted.items() if n != "tuned_"},
        "network": description,
    }
    text = json.dumps(rest, indent=2, allow_nan=False)
    folder = Path(path).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tuned.tensors(), folder / _WEIGHTS)
    (folder / _REST).write_text(text, encoding="utf-8")


def load_estimator(kind: type[Estimator], path: str | Path) -> Estimator:
    """Read an estimator that `save_estimator` wrote; see `FineTuneEstimator.load`."""
    folder = Path(path).expanduser()
    try:
        rest = json.loads((folder / _REST).read_text(encoding="utf-8"))
        tensors = load_file(folder / _WEIGHTS)
    except (OSError, ValueError, SafetensorError) as exc:
        raise DataError(
            f"Cannot load an estimator from {str(folder)!r}: {exc}"
        ) from exc
    if rest.get("format") != FORMAT or rest["class"] != kind.__name__:
        raise DataError(
            f"{str(folder)!r} holds a {rest.get('class')} in format "
            f"{rest.get('format')}, of hybridml {rest.get('hybridml')}; expected a "
            f"{kind.__name__} in format {FORMAT}."
        )
    params = rest["params"]
    if isinstance(params.get("class_weight"), list):  # JSON's keys are text
        params["class_weight"] = dict(params["class_weight"])
    estimator = kind(**params)
    for name, value in rest["fitted"].items():
        setattr(estimator, name, _from_json(value))
    estimator.tuned_ = TunedNetwork.restore(rest["network"], tensors)
    return estimator


def _plain_params(estimator: FineTuneEstimator) -> dict[str, Any]:
    """Return the parameters that JSON can hold; others get their defaults."""
    found: dict[str, Any] = {}
    for name, value in estimator.get_params(deep=False).items():
        if isinstance(value, FeatureStore):
            found[name] = str(value.path)
        elif isinstance(value, Path):
            found[name] = str(value)
        elif isinstance(value, Mapping):
            found[name] = [[_to_json(key), float(w)] for key, w in value.items()]
        elif isinstance(value, np.generic):
            found[name] = value.item()
        elif isinstance(value, _PLAIN):
            found[name] = value
    return found


def _to_json(value: Any) -> Any:
    if isinstance(value, pd.DataFrame):
        numbers = value.astype(object).where(value.notna(), None)  # JSON has no NaN
        dtypes = {name: str(dtype) for name, dtype in value.dtypes.items()}
        return {"columns": numbers.to_dict("list"), "dtypes": dtypes}
    if isinstance(value, np.ndarray):
        return {"dtype": value.dtype.str, "values": value.tolist()}
    if isinstance(value, list):  # the classes of several labels
        return [_to_json(part) for part in value]
    return value.item() if isinstance(value, np.generic) else value


def _from_json(value: Any) -> Any:
    if isinstance(value, dict) and "columns" in value:
        return pd.DataFrame(value["columns"]).astype(value["dtypes"])
    if isinstance(value, dict) and "dtype" in value:
        return np.array(value["values"], dtype=value["dtype"])
    if isinstance(value, list):
        return [_from_json(part) for part in value]
    return value
