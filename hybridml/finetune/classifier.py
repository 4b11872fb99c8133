"""Fine-tuning, or training from scratch, as a scikit-learn classifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.special import expit, softmax
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags

from hybridml._checks import describe
from hybridml._labels import check_label_table, check_labels, is_label_table
from hybridml.exceptions import InvalidParameterError
from hybridml.finetune.estimator import FineTuneEstimator
from hybridml.finetune.targets import Targets, class_targets, label_targets
from hybridml.finetune.training_data import weigh_images


@dataclass(eq=False, repr=False)
class FineTuneClassifier(ClassifierMixin, FineTuneEstimator):
    """Fine-tune a pretrained network, or train one from scratch.

    With pretrained weights the new head starts from the linear probe of the frozen
    features (LP-FT), a part of the training images is held out, and the state with the
    least held-out loss is kept, the state before any fine-tuning included: when no
    epoch improves on the probe, the probe, refitted on all the images, is the result.

    Parameters
    ----------
    backbone : str, default="efficientnet_lite0"
        One of `list_backbones()`.
    trainable : {"all", "last2", "head"} or str, default="all"
        What learns: everything; the last stage with a layer in it and the new head;
        the new head alone; or everything behind a cut layer.
    weights : "default", name, path, URL or None, default="default"
        What to start from; None trains from scratch.
    image_size : int or None, default=None
        Side of the square input in pixels; None for that of the weights.
    epochs : "auto" or int, default="auto"
        "auto" is 5 from pretrained weights, 20 from scratch.
    batch_size : int, default=32
        Images per step.
    learning_rate : "auto" or float, default="auto"
        Of the trunk, AdamW; "auto" is 1e-4 from pretrained weights, 1e-3 from scratch.
        From pretrained weights the head learns 10 times as fast, its bias 20 times.
    weight_decay : float, default=0.01
        Not applied to biases and norms.
    label_smoothing : float, default=0.0
    dropout : float, default=0.0
        Before the head.
    augmentation : {"none", "light", "standard", "strong"}, default="standard"
        "light" shifts and scales, "standard" also flips and changes the light,
        "strong" also turns and erases.
    class_weight : "balanced", dict or None, default=None
    validation_fraction : float, default=0.1
        Part of the training images held out to choose the epoch; 0 keeps the last.
        At least one image of each class is held out, but none at all where a class
        has fewer than 4.
    patience : "auto", int or None, default="auto"
        Epochs without improvement after which training stops; "auto" is 5 from
        pretrained weights, and never (None) from scratch.
    device : str, default="auto"
    precision : {"auto", "bf16", "fp32"}, default="auto"
        Of the arithmetic; the weights are kept in float32.
    store : "default", path, FeatureStore or None, default="default"
        Where the probe's features are kept.
    callbacks : sequence of Callback, default=()
    random_state : int, default=0
    n_jobs : int or None, default=None
        Threads that decode; None for one a core.
    verbose : int, default=0
        Above 0, prints each epoch on stderr.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    history_ : DataFrame
        One row an epoch: epoch, train_loss, valid_loss, valid_accuracy, seconds.
    n_epochs_ : int
        Epochs planned; fewer are run where patience runs out.
    best_epoch_ : int
        Epoch whose state was kept; 0 is the probe.

    Notes
    -----
    Batch norms of pretrained networks keep their statistics. Pixels are decoded once
    and kept in memory up to 4 GiB.

    References
    ----------
    A. Kumar et al., "Fine-Tuning can Distort Pretrained Features and Underperform
    Out-of-Distribution", ICLR 2022 (linear probing, then fine-tuning).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> dark, light = rng.integers(0, 99, (2, 8, 32, 32, 3), dtype=np.uint8)
    >>> X, y = np.concatenate([dark, light + 150]), ["dark"] * 8 + ["light"] * 8
    >>> model = FineTuneClassifier("lenet5", weights=None, augmentation="none")
    >>> model.fit(X, y).predict(X[[0, -1]])
    array(['dark', 'light'], dtype='<U5')
    """

    _: KW_ONLY
    label_smoothing: float = 0.0
    class_weight: str | Mapping[Any, float] | None = None

    def fit(self, X: Any, y: Any, sample_weight: npt.ArrayLike | None = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : sequence of n_images images
            As for `DeepFeatureExtractor`.
        y : array-like of shape (n_images,) or (n_images, n_labels)
            Classes; or several labels an image, as a table of 0 and 1.
        sample_weight : array-like of shape (n_images,) or None

        Returns
        -------
        self : FineTuneClassifier

        Raises
        ------
        InvalidParameterError, UnknownBackboneError, UnknownCutLayerError, WeightsError
            If a parameter is wrong.
        DataError
            If images, labels and weights do not fit together, or an image cannot be
            decoded.
        DivergedError
            If the loss is no longer a finite number. The state before that, the best
            one, is kept, and predicts.
        """
        images = self._images(X)
        return self._fit(images, self._targets(y, len(images), sample_weight))

    def predict_proba(self, X: Any) -> npt.NDArray[np.float32]:
        """Class probabilities.

        Returns
        -------
        proba : ndarray of shape (n_images, n_classes), float32
            Columns in the order of `classes_`. With several labels an image, the
            probability of each label.
        """
        outputs = self.outputs(X)
        proba = expit(outputs) if self.multilabel_ else softmax(outputs, axis=1)
        return np.asarray(proba, dtype=np.float32)

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Most probable class of each image, of shape (n_images,).

        With several labels an image, a table of 0 and 1 of shape (n_images, n_labels).
        """
        proba = self.predict_proba(X)
        if self.multilabel_:
            return (proba > 0.5).astype(int)
        return np.asarray(self.classes_[proba.argmax(axis=1)])

    def _targets(
        self, y: Any, n_images: int, sample_weight: npt.ArrayLike | None
    ) -> Targets:
        self.multilabel_ = is_label_table(y)
        if self.multilabel_:
            table = check_label_table(y, n_images)
            if self.class_weight is not None:
                expected = "None where images have several labels"
                cure = "Pass sample_weight to fit."
                message = describe("class_weight", self.class_weight, expected, cure)
                raise InvalidParameterError(message)
            weights = weigh_images(table, None, sample_weight)
            self.classes_ = np.arange(table.shape[1])
            return label_targets(table, weights)
        labels = check_labels(y, n_images)
        weights = weigh_images(labels, self.class_weight, sample_weight)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        return class_targets(codes, weights)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
