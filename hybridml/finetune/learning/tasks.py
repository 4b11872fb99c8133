"""What is learned: classes, several labels an image, or numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression, Ridge
from torch import Tensor

Floats = npt.NDArray[np.float64]


class Task(Protocol):
    """What the loop has to know about the targets.

    Attributes
    ----------
    n_outputs : int
        Length of the network's output.
    strengths : tuple of float
        Of regularisation of the probe, to choose from, the strongest first.
    score_name : str
        Column of `history_` that `score` goes to.
    """

    @property
    def n_outputs(self) -> int: ...  # noqa: D102
    @property
    def strengths(self) -> tuple[float, ...]: ...  # noqa: D102
    @property
    def score_name(self) -> str: ...  # noqa: D102

    def losses(
        self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0
    ) -> Tensor:
        """Loss of each image, of shape (n,); labels may be smoothed by a fraction."""

    def spread_out(self, targets: Tensor) -> Tensor:
        """Targets as float32 of shape (n, n_outputs), which can be mixed."""

    def score(self, outputs: Tensor, targets: Tensor, weights: Tensor) -> float:
        """How good outputs are, at most 1."""

    def fit_linear(
        self, features: Floats, targets: npt.NDArray, weights: Floats, strength: float
    ) -> tuple[Floats, Floats]:
        """Weight (n_outputs, n_features) and bias of a regularised linear model."""


@dataclass(frozen=True)
class Classification:
    """One of several classes: cross-entropy. Targets are int64, (n,), or soft ones."""

    n_outputs: int
    strengths: tuple[float, ...] = (1e-3, 1e-2, 1e-1)
    score_name: str = "valid_accuracy"

    def losses(
        self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0
    ) -> Tensor:
        """Cross-entropy."""
        return F.cross_entropy(
            outputs, targets, reduction="none", label_smoothing=smoothing
        )

    def spread_out(self, targets: Tensor) -> Tensor:
        """One-hot."""
        return F.one_hot(targets, self.n_outputs).float()

    def score(self, outputs: Tensor, targets: Tensor, weights: Tensor) -> float:
        """Accuracy."""
        right = (outputs.argmax(dim=1) == targets).float()
        return float((right * weights).sum() / weights.sum())

    def fit_linear(
        self, features: Floats, targets: npt.NDArray, weights: Floats, strength: float
    ) -> tuple[Floats, Floats]:
        """Multinomial logistic regression; `strength` is its C."""
        model = LogisticRegression(C=strength, max_iter=2000)
        model.fit(features, targets, sample_weight=weights)
        weight, bias = model.coef_, model.intercept_
        if len(weight) == 1:  # two classes: one score, shared out between them
            return np.vstack([-weight, weight]) / 2, np.r_[-bias, bias] / 2
        return weight, bias


@dataclass(frozen=True)
class MultiLabel:
    """Several labels an image, each there or not. Targets are 0 or 1, (n, n_labels)."""

    n_outputs: int
    strengths: tuple[float, ...] = (1e-3, 1e-2, 1e-1)
    score_name: str = "valid_accuracy"

    def losses(
        self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0
    ) -> Tensor:
        """Binary cross-entropy, mean over the labels."""
        soft = targets * (1 - smoothing) + smoothing / 2
        losses = F.binary_cross_entropy_with_logits(outputs, soft, reduction="none")
        return losses.mean(dim=1)

    def spread_out(self, targets: Tensor) -> Tensor:
        """As they are."""
        return targets

    def score(self, outputs: Tensor, targets: Tensor, weights: Tensor) -> float:
        """Accuracy of the labels, each counted alone."""
        right = ((outputs > 0) == (targets > 0.5)).float().mean(dim=1)
        return float((right * weights).sum() / weights.sum())

    def fit_linear(
        self, features: Floats, targets: npt.NDArray, weights: Floats, strength: float
    ) -> tuple[Floats, Floats]:
        """Fit a logistic regression for each label; `strength` is its C."""
        pairs = [
            _fit_one_label(features, column, weights, strength) for column in targets.T
        ]
        return np.vstack([w for w, _ in pairs]), np.array([b for _, b in pairs])


@dataclass(frozen=True)
class Regression:
    """Numbers: squared error. Targets are float32, (n, n_targets), standardised."""

    n_outputs: int
    strengths: tuple[float, ...] = (1e4, 1e3, 1e2, 1e1)
    score_name: str = "valid_r2"

    def losses(
        self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0
    ) -> Tensor:
        """Squared error, mean over the outputs; there is nothing to smooth."""
        return (outputs - targets).square().mean(dim=1)

    def spread_out(self, targets: Tensor) -> Tensor:
        """As they are."""
        return targets

    def score(self, outputs: Tensor, targets: Tensor, weights: Tensor) -> float:
        """R squared, mean over the outputs that vary."""
        w = (weights / weights.sum())[:, None]
        error = (w * (outputs - targets).square()).sum(dim=0)
        spread = (w * (targets - (w * targets).sum(dim=0)).square()).sum(dim=0)
        varies = spread > 0
        if not varies.any():
            return float("nan")
        return float((1 - error[varies] / spread[varies]).mean())

    def fit_linear(
        self, features: Floats, targets: npt.NDArray, weights: Floats, strength: float
    ) -> tuple[Floats, Floats]:
        """Ridge regression; `strength` is its alpha."""
        model = Ridge(alpha=strength).fit(features, targets, sample_weight=weights)
        return np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_)


def _fit_one_label(
    features: Floats, present: npt.NDArray, weights: Floats, strength: float
) -> tuple[Floats, float]:
    counted = present[weights > 0]
    if counted.min() == counted.max():  # all the images agree: about 400 to 1 for it
        return np.zeros(features.shape[1]), 6.0 if counted.max() > 0 else -6.0
    model = LogisticRegression(C=strength, max_iter=2000)
    model.fit(features, present, sample_weight=weights)
    return model.coef_[0], float(model.intercept_[0])
