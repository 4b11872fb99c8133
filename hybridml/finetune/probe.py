"""The linear probe that a fine-tuned network's head starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import nn

from hybridml._threads import one_blas_thread

Floats = npt.NDArray[np.float32]

_CS = (1e-3, 1e-2, 1e-1)


@dataclass(frozen=True)
class LinearHead:
    """A linear layer: class scores are ``features @ weight.T + bias``.

    Attributes
    ----------
    weight : ndarray of shape (n_classes, n_features), float32
    bias : ndarray of shape (n_classes,), float32
    """

    weight: Floats
    bias: Floats

    @classmethod
    def of(cls, layer: nn.Linear) -> LinearHead:
        """Copy a trained layer."""
        return cls(*(p.detach().cpu().numpy().copy() for p in layer.parameters()))

    def predict_proba(self, features: Floats) -> Floats:
        """Softmax of the class scores, of shape (n_images, n_classes)."""
        # In float64, since sums in float32 depend in their last bits on the row count.
        proba = softmax(self.scores(features.astype(np.float64)), axis=1)
        return np.asarray(proba, dtype=np.float32)

    def scores(self, features: Floats) -> Floats:
        """Class scores before the softmax, of shape (n_images, n_classes)."""
        return features @ self.weight.T + self.bias


def choose_probe(
    features: Floats,
    labels: npt.NDArray[np.intp],
    held_out: npt.NDArray[np.intp],
    *,
    sample_weight: npt.NDArray[np.float64],
    cs: Sequence[float] = _CS,
) -> tuple[LinearHead, float]:
    """Fit a probe on all but the held-out part, its strength chosen on that part.

    Parameters
    ----------
    features : ndarray of shape (n_images, n_features), float32
    labels : ndarray of shape (n_images,), int
        From 0; every class occurs outside the held-out part.
    held_out : ndarray of int
        Positions; may be empty.
    sample_weight : ndarray of shape (n_images,)
    cs : sequence of float, default=(0.001, 0.01, 0.1)
        Inverse strengths of regularisation to choose from, the strongest first.

    Returns
    -------
    head : LinearHead
    c : float
        The strength with the least held-out log-loss, the stronger one of equals; the
        middle one where nothing is held out.
    """
    rest = np.setdiff1d(np.arange(len(labels)), held_out)
    parts = features[rest], labels[rest], sample_weight[rest]
    if not len(held_out):
        middle = cs[len(cs) // 2]
        return fit_probe(*parts, middle), middle
    heads = [fit_probe(*parts, c) for c in cs]
    weights = sample_weight[held_out]
    losses = [
        _log_loss(head, features[held_out], labels[held_out], weights) for head in heads
    ]
    best = int(np.argmin(losses))
    return heads[best], cs[best]


def fit_probe(
    features: Floats,
    labels: npt.NDArray[np.intp],
    sample_weight: npt.NDArray[np.float64],
    c: float,
) -> LinearHead:
    """Fit a logistic regression on standardised features, as one linear layer.

    Parameters
    ----------
    features : ndarray of shape (n_images, n_features), float32
    labels : ndarray of shape (n_images,), int
        From 0; every class occurs.
    sample_weight : ndarray of shape (n_images,)
    c : float
        Inverse strength of regularisation.

    Returns
    -------
    head : LinearHead
        Takes the features as they are: the scaling is in its weights.
    """
    scaler = StandardScaler().fit(features, sample_weight=sample_weight)
    logistic = LogisticRegression(C=c, max_iter=2000)
    with one_blas_thread():
        logistic.fit(scaler.transform(features), labels, sample_weight=sample_weight)
    weight, bias = logistic.coef_, logistic.intercept_
    if len(weight) == 1:  # two classes: one score, shared out between them
        weight, bias = np.vstack([-weight, weight]) / 2, np.r_[-bias, bias] / 2
    weight = weight / scaler.scale_
    bias = bias - weight @ scaler.mean_
    return LinearHead(weight.astype(np.float32), bias.astype(np.float32))


def _log_loss(
    head: LinearHead,
    features: Floats,
    labels: npt.NDArray[np.intp],
    weights: npt.NDArray[np.float64],
) -> float:
    log_proba = log_softmax(head.scores(features), axis=1)
    right = log_proba[np.arange(len(labels)), labels]
    return -float(np.average(right, weights=weights))
