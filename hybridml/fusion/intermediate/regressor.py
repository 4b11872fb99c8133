"""Intermediate fusion that predicts numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy.typing as npt

from hybridml.finetune.feeding.training_data import weigh_images
from hybridml.fusion.fusion_regressor import FusionRegressor
from hybridml.fusion.intermediate.estimator import IntermediateFusion
from hybridml.fusion.learning.targets import number_targets


@dataclass(eq=False, repr=False)
class IntermediateFusionRegressor(FusionRegressor, IntermediateFusion):
    """Branches of all modalities, fused inside a network that predicts numbers.

    It learns as `IntermediateFusionClassifier` does, and has the same parameters but
    for `class_weight` and `label_smoothing`. Several numbers a row are learned
    together, each standardised by its own mean and deviation.

    Parameters
    ----------
    modalities : list of (name, encoder, columns)
        See `IntermediateFusionClassifier`, as for all the others.
    method : {"concat", "gated", "low_rank", "attention"}, default="gated"
        How branches are fused.
    missing, modality_dropout, auxiliary_weight
        How rows that lack modalities are learned.
    n_networks, width, rank, n_heads, n_components, trainable
        How the networks are built.
    dropout, input_dropout, weight_decay
        What holds the weights back.
    epochs, batch_size, learning_rate
        How fast they learn, and how long.
    validation_fraction, patience, refit
        By which rows the epoch is chosen.
    device, callbacks, random_state, verbose
        Where and how it runs.

    Attributes
    ----------
    history_ : DataFrame
        One row an epoch: epoch, train_loss, valid_loss (squared errors of the
        standardised numbers), valid_r2, seconds.
    n_epochs_ : int
        Epochs planned; fewer are run where patience runs out.
    best_epoch_ : int
        Epoch whose state was kept.
    interrupted_ : bool
        Whether ctrl-C ended training.
    encoders_ : list of ModalityEncoder
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Where X had names.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.preprocessing import StandardScaler
    >>> X = pd.DataFrame({"width": [1.0, 2, 8, 9] * 6, "height": [5.0, 7, 7, 5] * 6})
    >>> modalities = [(name, StandardScaler(), [name]) for name in X]
    >>> model = IntermediateFusionRegressor(modalities).fit(X, X["width"] * X["height"])
    >>> bool(model.score(X, X["width"] * X["height"]) > 0.8)
    True
    """

    def fit(self, X: Any, y: Any, sample_weight: npt.ArrayLike | None = None) -> Self:
        """Fit encoders and train the networks.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_columns)
        y : array-like of shape (n_rows,) or (n_rows, n_targets)
        sample_weight : array-like of shape (n_rows,) or None

        Returns
        -------
        self : IntermediateFusionRegressor

        Raises
        ------
        InvalidParameterError
            If a parameter is wrong.
        DataError
            If X lacks columns, or targets or weights do not suit.
        DivergedError
            If the loss is no longer a finite number. The state before that, the best
            one, is kept, and predicts.
        """
        self._check()
        frame = self._frame(X, reset=True)
        targets = number_targets(y, len(frame))
        weights = weigh_images(targets.values, None, sample_weight)
        return self._fit(frame, targets, weights)
