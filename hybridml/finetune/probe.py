"""The linear probe that a fine-tuned network's head starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

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

    def predict_proba(self, features: Floats) -> Floats:
        """Softmax of the class scores, of shape (n_images, n_classes)."""
        return np.asarray(softmax(self.scores(features), axis=1))

    def scores(self, features: Floats) -> Floats:
        """Class scores before the softmax, of shape (n_images, n_classes)."""
        return features @ self.weight.T + self.bias


def choose_probe(
    features: Floats,
    labels: npt.NDArray[np.intp],
    train: npt.NDArray[np.intp],
    held_out: npt.NDArray[np.intp],
    *,
    sample_weight: npt.NDArray[np.float64],
    cs: Sequence[float] = _CS,
) -> tuple[LinearHead, float]:
    """Fit a probe on the training part, its strength chosen on the held-out part.

    Returns
    -------
    head : LinearHead
    C : float
        The inverse strength of regularisation with the least held-out log-loss, or
        the middle one where nothing is held out.
    """
    if not len(held_out):
        middle = cs[len(cs) // 2]
        return fit_probe(
            features[train], labels[train], sample_weight[train], middle
        ), middle
    heads = [
        fit_probe(features[train], labels[train], sample_weight[train], c) for c in cs
    ]
    losses = [_log_loss(head, features[held_out], labels[held_out]) for head in heads]
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
    """
    model = make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=2000))
    model.fit(features, labels, logisticregression__sample_weight=sample_weight)
    scaler, logistic = model[0], model[1]
    weight, bias = logistic.coef_, logistic.intercept_
    if len(weight) == 1:  # two classes: one score, shared out between them
        weight, bias = np.vstack([-weight, weight]) / 2, np.r_[-bias, bias] / 2
    weight = weight / scaler.scale_
    bias = bias - weight @ scaler.mean_
    return LinearHead(weight.astype(np.float32), bias.astype(np.float32))


def _log_loss(
    head: LinearHead, features: Floats, labels: npt.NDArray[np.intp]
) -> float:
    log_proba = log_softmax(head.scores(features), axis=1)
    return -float(log_proba[np.arange(len(labels)), labels].mean())
