"""Folding the affine steps of a pipeline into the linear map that comes after them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_selection import SelectorMixin
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)

from hybridml.exceptions import FusingError

Array = npt.NDArray[np.float64]
Linear = tuple[Array, Array]  # weights of (n_outputs, n_inputs), and n_outputs biases

SUPPORTED = (
    "StandardScaler, FlooredScaler, MinMaxScaler, MaxAbsScaler, RobustScaler, PCA, "
    "TruncatedSVD and the selectors of sklearn.feature_selection"
)


def fold_step(name: str, step: Any, weights: Array, bias: Array) -> Linear:
    """Let a linear map take what comes into a step, in place of what comes out of it.

    Parameters
    ----------
    name : str
        What the pipeline calls the step.
    step : fitted transformer, or "passthrough"
    weights : ndarray of shape (n_outputs, n_features_out), float64
    bias : ndarray of shape (n_outputs,), float64

    Returns
    -------
    weights : ndarray of shape (n_outputs, n_features_in), float64
    bias : ndarray of shape (n_outputs,), float64

    Raises
    ------
    FusingError
        If the step is not known to be affine.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.preprocessing import StandardScaler
    >>> scaler = StandardScaler().fit([[0.0], [4.0]])
    >>> weights, bias = fold_step("scale", scaler, np.ones((1, 1)), np.zeros(1))
    >>> weights.item(), bias.item()
    (0.5, -1.0)
    """
    if step is None or step == "passthrough" or _does_nothing(step):
        return weights, bias
    for kind, fold in _FOLDS.items():
        if isinstance(step, kind):
            return fold(step, weights, bias)
    raise FusingError(
        f"Got the step {name!r} ({type(step).__name__}), which is not known to be "
        f"affine; expected one of {SUPPORTED}. Use the pipeline as it is."
    )


def _does_nothing(step: Any) -> bool:
    return isinstance(step, FunctionTransformer) and step.func is None


def _standard(step: StandardScaler, weights: Array, bias: Array) -> Linear:
    mean = step.mean_ if step.with_mean else None
    return _scaled(weights, bias, mean, step.scale_)


def _robust(step: RobustScaler, weights: Array, bias: Array) -> Linear:
    center = step.center_ if step.with_centering else None
    return _scaled(weights, bias, center, step.scale_ if step.with_scaling else None)


def _max_abs(step: MaxAbsScaler, weights: Array, bias: Array) -> Linear:
    _refuse_clipping(step)
    return _scaled(weights, bias, None, step.scale_)


def _min_max(step: MinMaxScaler, weights: Array, bias: Array) -> Linear:
    _refuse_clipping(step)
    return weights * step.scale_, bias + weights @ step.min_


def _refuse_clipping(step: Any) -> None:
    if getattr(step, "clip", False):
        raise FusingError(
            f"Got {type(step).__name__}(clip=True), which is not affine. "
            "Fit it with clip=False, or use the pipeline as it is."
        )


def _scaled(weights: Array, bias: Array, mean: Any, scale: Any) -> Linear:
    if scale is not None:
        weights = weights / np.asarray(scale, dtype=np.float64)
    if mean is not None:
        bias = bias - weights @ np.asarray(mean, dtype=np.float64)
    return weights, bias


def _pca(step: PCA, weights: Array, bias: Array) -> Linear:
    components = np.asarray(step.components_, dtype=np.float64)
    if step.whiten:
        # As scikit-learn does it: directions without variance are not blown up.
        least = np.finfo(step.explained_variance_.dtype).eps
        deviations = np.sqrt(np.maximum(step.explained_variance_, least))
        components = components / deviations[:, None]
    return _scaled(weights @ components, bias, step.mean_, None)


def _svd(step: TruncatedSVD, weights: Array, bias: Array) -> Linear:
    return weights @ step.components_, bias


def _selected(step: SelectorMixin, weights: Array, bias: Array) -> Linear:
    kept = step.get_support()
    wide = np.zeros((len(weights), len(kept)))
    wide[:, kept] = weights
    return wide, bias


_FOLDS: dict[type, Callable[[Any, Array, Array], Linear]] = {
    StandardScaler: _standard,
    RobustScaler: _robust,
    MaxAbsScaler: _max_abs,
    MinMaxScaler: _min_max,
    PCA: _pca,
    TruncatedSVD: _svd,
    SelectorMixin: _selected,
}
