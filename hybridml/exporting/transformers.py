"""Which transformers of features can be exported, and how."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

from hybridml.exporting.foreign import transform_by_skl2onnx
from hybridml.exporting.graph import Value
from hybridml.fusion.encoders.table.squashing_scaler import BOUND, SquashingScaler
from hybridml.heads.floored_scaler import FlooredScaler


def transform(step: Any, features: Value) -> Value:
    """Add a fitted transformer behind features.

    Parameters
    ----------
    step : transformer
    features : Value of shape (n, n_features), float64

    Raises
    ------
    ModelError
        If it cannot be exported; the message names it.
    """
    known = ", ".join(sorted(kind.__name__ for kind in _KNOWN))
    convert = _KNOWN.get(type(step))
    if convert is None:
        return transform_by_skl2onnx(step, features, known)
    return convert(step, features)


def impute(imputer: SimpleImputer, features: Value) -> Value:
    """Put what an imputer has learned, which keeps all the columns, in place of NaN."""
    known = np.asarray(imputer.statistics_, dtype=np.float64)[None, :]
    return features.op("IsNaN").op("Where", known, features)


def _standardise(scaler: StandardScaler, features: Value) -> Value:
    if scaler.with_mean:
        features = features - scaler.mean_[None, :]
    return features / scaler.scale_[None, :] if scaler.with_std else features


def _project(reduction: Any, features: Value) -> Value:
    components = np.asarray(reduction.components_, dtype=np.float64)
    if isinstance(reduction, PCA):
        features = features - np.asarray(reduction.mean_, dtype=np.float64)[None, :]
        if reduction.whiten:
            lengths = np.sqrt(np.asarray(reduction.explained_variance_, np.float64))
            least = np.finfo(reduction.explained_variance_.dtype).eps
            components = components / np.maximum(lengths, least)[:, None]
    return features @ np.ascontiguousarray(components.T)


def _squash(scaler: SquashingScaler, features: Value) -> Value:
    scale = scaler.scale_
    inverse = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)
    scaled: Value = (features - scaler.center_[None, :]) * inverse[None, :]
    bent = scaled * (1.0 / BOUND)
    return scaled / (bent * bent + 1.0).op("Sqrt")


_KNOWN: dict[type, Callable[[Any, Value], Value]] = {
    FlooredScaler: _standardise,
    PCA: _project,
    SquashingScaler: _squash,
    StandardScaler: _standardise,
    TruncatedSVD: _project,
}
