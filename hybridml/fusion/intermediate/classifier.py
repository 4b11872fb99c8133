"""Intermediate fusion that predicts classes, or several labels a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, Self

import numpy.typing as npt

from hybridml._checks import describe
from hybridml.exceptions import InvalidParameterError
from hybridml.finetune.feeding.training_data import weigh_images
from hybridml.fusion.fusion_classifier import FusionClassifier
from hybridml.fusion.intermediate.estimator import IntermediateFusion
from hybridml.fusion.learning.targets import class_targets


@dataclass(eq=False, repr=False)
class IntermediateFusionClassifier(FusionClassifier, IntermediateFusion):
    """Branches of all modalities, fused inside a network that is trained as a whole.

    Each modality is encoded, its features standardised and reduced, and sent through a
    branch of its own (a linear layer, a norm, GELU, dropout). What the branches give is
    fused, normed, and a linear head says the classes. All of that is trained jointly,
    while the encoders stay as they are. Several such networks are trained side by side;
    the mean of what they say counts.

    A row may lack modalities: cells that are None, NaN or empty, images that cannot be
    read. Rows with all modalities and rows with gaps are answered by different
    networks, the latter trained on parts of rows, so that neither is bought at the cost
    of the other.

    Parameters
    ----------
    modalities : list of (name, encoder, columns)
        The encoder is "image" (`DeepFeatureExtractor`), "tabular" (`TableEncoder`),
        "text" (`TextEncoder`), "audio" (`SpectrogramExtractor`), "multispectral", or a
        transformer; columns as in scikit-learn's `ColumnTransformer`.
    method : {"concat", "gated", "low_rank", "attention"}, default="gated"
        How branches are fused: side by side into a linear layer; by gates that weigh
        the modalities unit by unit [1]_; by products, which is the tensor of all
        interactions in low rank [2]_; or by a class token that attends to them [3]_.
    missing : {"networks", "dropout"}, default="networks"
        Who answers for rows that lack a modality: networks of their own, trained on
        random parts of the rows [4]_; or the same as for whole rows, whose robustness
        is then a matter of `modality_dropout` and `auxiliary_weight`.
    n_networks : int, default=1
        That are trained side by side (of each kind).
    width : int, default=128
        Of the branches and of their fusion.
    rank : int, default=8
        Of the tensor, for "low_rank".
    n_heads : int, default=4
        Of the attention, for "attention"; divides the width.
    n_components : int, default=256
        Wider blocks are turned to so many principal components, sparse ones to singular
        vectors.
    trainable : "head", "last2" or str, default="head"
        What learns of the networks of images ("image", "multispectral", or a
        `DeepFeatureExtractor`). "head": nothing, their features are taken as they are
        (and from the store). "last2": the last stage with a layer in it, which with the
        new layers makes the last two. A cut layer: what comes behind it. What comes
        before it is computed once an image, and kept in the store and, while training,
        in memory: tens of thousands of numbers an image. Batch norms stay as they are;
        what was trained before learns 20 times slower than what is new.
    dropout : float, default=0.5
        Behind every layer.
    input_dropout : float, default=0.6
        Of features, before the branches; of blocks with less than 128 features in
        proportion less.
    modality_dropout : float, default=0.0
        How often a modality is hidden from the networks for whole rows.
    auxiliary_weight : float, default=0.3
        Of a second loss of these networks, which shows them only a random part of each
        row's modalities: each learns to speak for itself.
    epochs : "auto" or int, default="auto"
        "auto" makes 500 steps, but from 10 epochs, on many rows, to 200.
    batch_size : int, default=64
        Rows per step.
    learning_rate : float, default=2e-3
        Of AdamW. It rises for a tenth of the steps and falls along half a cosine.
    weight_decay : float, default=0.3
        Not applied to biases and norms.
    validation_fraction : float, default=0.0
        Part of the rows held out to choose the epoch; 0 keeps the last. At least one
        row of each class is held out, but none at all where a class has fewer than 4.
    patience : int or None, default=10
        Epochs without improvement after which training stops; None for never.
    refit : bool, default=True
        Whether to train once more on all the rows, those held out included, for as many
        epochs as proved best.
    device : str, default="auto"
        Of the training; predictions are made on the CPU.
    callbacks : sequence of Callback, default=()
    random_state : int, default=0
    verbose : int, default=0
        Above 0, shows the epochs on stderr.
    label_smoothing : float, default=0.0
    class_weight : "balanced", dict or None, default=None

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or list of ndarray for several labels
    history_ : DataFrame
        One row an epoch: epoch, train_loss, valid_loss, valid_accuracy, seconds. The
        first is of all networks with dropout, those for rows with gaps included; the
        others of what is predicted.
    n_epochs_ : int
        Epochs planned; fewer are run where patience runs out.
    best_epoch_ : int
        Epoch whose state was kept.
    interrupted_ : bool
        Whether ctrl-C ended training; the best state so far was kept.
    encoders_ : list of ModalityEncoder
        With the fitted estimators as `estimator_`.
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Where X had names.

    References
    ----------
    .. [1] J. Arevalo et al., "Gated Multimodal Units for Information Fusion", ICLR
       workshop 2017.
    .. [2] Z. Liu et al., "Efficient Low-rank Multimodal Fusion with Modality-Specific
       Factors", ACL 2018.
    .. [3] A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017.
    .. [4] N. Neverova et al., "ModDrop: Adaptive Multi-modal Gesture Recognition", IEEE
       Transactions on Pattern Analysis and Machine Intelligence 38, 2016 (modalities
       hidden at random in training).

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.preprocessing import StandardScaler
    >>> X = pd.DataFrame({"age": [1, 2, 8, 9] * 4, "height": [5, 6, 17, 18] * 4})
    >>> y = ["young", "young", "aged", "aged"] * 4
    >>> ages = ("age", StandardScaler(), ["age"])
    >>> heights = ("height", StandardScaler(), ["height"])
    >>> model = IntermediateFusionClassifier([ages, heights], width=16).fit(X, y)
    >>> model.predict(pd.DataFrame({"age": [9, None], "height": [None, 5]}))
    array(['aged', 'young'], dtype='<U5')
    """

    _: KW_ONLY
    label_smoothing: float = 0.0
    class_weight: str | Mapping[Any, float] | None = None

    def fit(self, X: Any, y: Any, sample_weight: npt.ArrayLike | None = None) -> Self:
        """Fit encoders and train the networks.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_columns)
        y : array-like of shape (n_rows,) or (n_rows, n_labels)
            Classes, or a table of 0 and 1.
        sample_weight : array-like of shape (n_rows,) or None

        Returns
        -------
        self : IntermediateFusionClassifier

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
        targets = class_targets(y, len(frame))
        if targets.classes is None and self.class_weight is not None:
            expected = "None where rows have several labels"
            cure = "Pass sample_weight to fit."
            message = describe("class_weight", self.class_weight, expected, cure)
            raise InvalidParameterError(f"{type(self).__name__}: {message}")
        labels = targets.for_heads()
        weights = weigh_images(labels, self.class_weight, sample_weight)
        return self._note_classes(targets)._fit(frame, targets, weights)
