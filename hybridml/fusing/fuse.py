"""Turning a fitted pipeline of network and linear head into one module."""

from __future__ import annotations

from typing import Any

from hybridml.fusing.fused_model import FusedModel
from hybridml.fusing.linear_part import split_linear
from hybridml.fusing.taking_apart import take_apart


def fuse(estimator: Any) -> FusedModel:
    """Fold scaler, PCA and linear head into the network, for quick single answers.

    Parameters
    ----------
    estimator : fitted estimator
        A pipeline of a `DeepFeatureExtractor`, affine steps and a linear head; case 1
        of `TransferClassifier` or `TransferRegressor`; or a search that chose one. It
        is not changed; the network is shared.

    Returns
    -------
    fused : FusedModel
        A `torch.nn.Module` with the estimator's `predict` and, where it has them,
        `predict_proba` and `decision_function`. Nothing is stored, and single images
        are not padded to a chunk as for features that are kept: scores may differ from
        the estimator's in their last bits, where a decision hangs on no such bit it is
        the same.

    Raises
    ------
    FusingError
        If a step is not known to be affine, or the head is not linear.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridml import TransferClassifier
    >>> rng = np.random.default_rng(0)
    >>> dark, light = rng.integers(0, 99, (2, 4, 64, 64, 3), dtype=np.uint8)
    >>> X, y = np.concatenate([dark, light + 150]), ["dark"] * 4 + ["light"] * 4
    >>> model = TransferClassifier(image_size=64, store=None).fit(X, y)
    >>> fuse(model).predict(X[:1])
    array(['dark'], dtype='<U5')
    """
    extractor, head = take_apart(estimator)
    return FusedModel(extractor.request(), split_linear(head), n_jobs=extractor.n_jobs)
